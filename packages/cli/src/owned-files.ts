import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

// Root may write here into a directory of somebody else, who can change it at any moment: no link is ever followed.

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who gets what root makes at `path`: whoever has the nearest directory that exists. Undefined for anybody else. */
export function ownerAt(path: string): Owner | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { uid, gid } = statSync(existing);
  return { uid, gid };
}

/** Makes the directory and those above it that are missing, all of them private. */
export function makeDirectory(dir: string, owner: Owner | undefined): void {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (first === undefined || owner === undefined) return;
  for (let made = dir; made.length >= first.length; made = dirname(made)) {
    const descriptor = openSync(made, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      fchownSync(descriptor, owner.uid, owner.gid);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Puts a whole file in the place of what is there, if anything. */
export function placeFile(path: string, data: Uint8Array, mode: number, owner: Owner | undefined): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, data);
      if (owner) fchownSync(descriptor, owner.uid, owner.gid);
      fchmodSync(descriptor, mode);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
