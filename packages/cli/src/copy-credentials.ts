import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { IssuedCertificate } from './commands/issued-certificate.js';
import { UsageError } from './failures.js';

type CredentialPaths = Pick<IssuedCertificate, 'ca' | 'certificate' | 'key'>;

/** Refuses to write over the files of a client, before anything is made. */
export function checkCopies(dir: string, name: string): void {
  for (const file of [`_signed.client.${name}.crt`, `client.${name}.key`]) {
    const path = join(dir, file);
    if (existsSync(path)) {
      throw new UsageError(`"${path}" exists already: give --overwrite to replace it, or another --out directory`);
    }
  }
}

/** Copies what a client needs, under the same names; nobody but the owner may read the key. */
export function copyCredentials(issued: CredentialPaths, dir: string): CredentialPaths {
  const target = resolve(dir);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const copy = (path: string, mode: number) => {
    const to = join(target, basename(path));
    writeFileSync(to, readFileSync(path), { mode });
    // The mode above is that of a new file only.
    chmodSync(to, mode);
    return to;
  };
  return { ca: copy(issued.ca, 0o644), certificate: copy(issued.certificate, 0o644), key: copy(issued.key, 0o600) };
}
