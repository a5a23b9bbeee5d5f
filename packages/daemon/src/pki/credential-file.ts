import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { FailedPreconditionError } from '@aurae/proto';
import { assertPrivate } from './file-permissions.js';

type Secrecy = 'private' | 'public';

/**
 * The text of a key (`private`) or certificate (`public`) file; undefined when there is no file.
 * Throws when it cannot be read, and when other users may read what is private.
 */
export async function readCredentialFile(path: string, secrecy: Secrecy): Promise<string | undefined> {
  try {
    return await readChecked(path, secrecy);
  } catch (error) {
    if (error instanceof FailedPreconditionError) throw error;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new FailedPreconditionError(
      `Cannot read ${JSON.stringify(path)}: ${code}; make it a file that the user who runs this command can read`,
      { cause: error },
    );
  }
}

/** The mode is checked on the open file, so that it is the mode of what is read. */
async function readChecked(path: string, secrecy: Secrecy): Promise<string> {
  // Without O_NONBLOCK a FIFO in the file's place would be waited for.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile())
      throw new FailedPreconditionError(`Cannot read ${JSON.stringify(path)}: it is not a regular file`);
    if (secrecy === 'private') assertPrivate(path, stats);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
