import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { IssuedCertificate } from './commands/issued-certificate.js';
import { UsageError } from './failures.js';
import { makeDirectory, ownerAt, placeFile } from './owned-files.js';
import { systemReason } from './system-error.js';

type CredentialPaths = Pick<IssuedCertificate, 'ca' | 'certificate' | 'key'>;

/** The certificate was made, but its files could not be copied. */
export class CopyError extends Error {
  readonly reason = 'FAILED_PRECONDITION';
}

/** Refuses a directory that copies must not go to, before anything is made. */
export function checkCopies(dir: string, name: string, overwrite: boolean): void {
  const authorityKey = join(dir, 'ca.key');
  if (exists(authorityKey)) {
    throw new UsageError(
      `"${resolve(dir)}" is the PKI directory of a daemon ("ca.key" lies there): give another --out directory, ` +
        `such as "./${name}"`,
    );
  }
  if (overwrite) return;
  for (const file of [`_signed.client.${name}.crt`, `client.${name}.key`]) {
    const path = join(dir, file);
    if (exists(path)) {
      throw new UsageError(`"${path}" exists already: give --overwrite to replace it, or another --out directory`);
    }
  }
}

/**
 * Copies what a client needs, under the same names; nobody but the owner may read the key. The `ca.crt` of another
 * authority stays: whoever put it there would lose the way to that daemon.
 */
export function copyCredentials(issued: CredentialPaths, dir: string): CredentialPaths {
  const target = resolve(dir);
  const copied = (path: string) => join(target, basename(path));
  try {
    const authority = readFileSync(issued.ca);
    assertSameAuthority(copied(issued.ca), authority);
    const owner = ownerAt(target);
    makeDirectory(target, owner);
    if (!existsSync(copied(issued.ca))) placeFile(copied(issued.ca), authority, 0o644, owner);
    placeFile(copied(issued.certificate), readFileSync(issued.certificate), 0o644, owner);
    placeFile(copied(issued.key), readFileSync(issued.key), 0o600, owner);
  } catch (error) {
    const why = error instanceof UsageError ? error.message : systemReason(error);
    throw new CopyError(
      `Cannot copy the certificate to "${target}": ${why}. It was made and lies in "${dirname(issued.certificate)}": ` +
        'copy it from there, or try again with --overwrite and another --out directory',
      { cause: error },
    );
  }
  return { ca: copied(issued.ca), certificate: copied(issued.certificate), key: copied(issued.key) };
}

function assertSameAuthority(path: string, authority: Buffer): void {
  if (existsSync(path) && !readFileSync(path).equals(authority)) {
    throw new UsageError(`its "${basename(path)}" is that of another daemon`);
  }
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw new UsageError(`cannot use the --out directory "${dirname(path)}": ${systemReason(error)}`);
  }
}
