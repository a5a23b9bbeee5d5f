import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './error-code.js';

const identityName = 'id';
const identityText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\n$/;
const maximumAttempts = 5;

/** Those who ask at once are told the same. */
const pending = new Map<string, Promise<string>>();

/**
 * Names this very log: a log that was removed and begun anew has another name. It is read from the file `id` of the log's
 * directory, which is made if it is not there. Empty when the directory is absent or cannot be written to.
 */
export function logIdentity(directory: string): Promise<string> {
  const known = pending.get(directory);
  if (known) return known;
  const identity = findIdentity(directory).finally(() => pending.delete(directory));
  pending.set(directory, identity);
  return identity;
}

async function findIdentity(directory: string): Promise<string> {
  const path = join(directory, identityName);
  try {
    for (let attempt = 1; attempt <= maximumAttempts; attempt++) {
      const identity = await readIdentity(path);
      if (identity !== undefined) return identity;
      await makeIdentity(path);
    }
  } catch {
    // Nobody can name it then.
  }
  return '';
}

async function readIdentity(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(64), 0, 64, 0);
      const text = buffer.toString('latin1', 0, bytesRead);
      if (identityText.test(text)) return text.trimEnd();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  // A power cut leaves an empty file.
  await rm(path);
  return undefined;
}

/** The file is there with all that is in it, or not at all; of two who make it at once, one does. */
async function makeIdentity(path: string): Promise<void> {
  const identity = randomUUID();
  const temporary = `${path}.${identity}`;
  try {
    await writeFile(temporary, `${identity}\n`, { flag: 'wx', mode: 0o600 });
    await link(temporary, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
