import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FailedPreconditionError } from '@aurae/proto';
import { removeStaleTemporaryFiles, syncDirectory } from '../lifecycle/durable-file.js';
import { assertPrivate } from './file-permissions.js';
import { isSignedCertificateName } from './pki-paths.js';

/** Makes the directory with mode 0700 when it is missing, and refuses one that is open to other users. */
export async function ensurePkiDirectory(pkiDir: string): Promise<void> {
  const parent = dirname(resolve(pkiDir));
  // A recursive mkdir would give the parents, /etc/aurae say, the mode 0700 too.
  await mkdir(parent, { recursive: true });
  try {
    await mkdir(pkiDir, { mode: 0o700 });
    await syncDirectory(parent);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await assertPkiDirectory(pkiDir);
  await removeStaleTemporaryFiles(pkiDir);
}

export async function assertPkiDirectory(pkiDir: string): Promise<void> {
  const stats = await stat(pkiDir).catch((error: unknown) => {
    throw new FailedPreconditionError(
      `Cannot read the PKI directory ${JSON.stringify(pkiDir)}: start auraed once to make it, or name another`,
      { cause: error },
    );
  });
  if (!stats.isDirectory()) {
    throw new FailedPreconditionError(
      `Cannot use ${JSON.stringify(pkiDir)} as the PKI directory: it is a file; move it`,
    );
  }
  assertPrivate(pkiDir, stats);
}

/** The certificates in the directory that some certificate authority signed. */
export async function signedCertificates(pkiDir: string): Promise<string[]> {
  const names = await readdir(pkiDir);
  return names.filter(isSignedCertificateName).map((name) => join(pkiDir, name));
}
