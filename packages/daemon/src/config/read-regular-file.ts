import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * The text of a file that is one: a FIFO or a device in its place would hold up the start for ever.
 *
 * @throws Error with a reason for a person, or the system's own with its `code`
 */
export function readRegularFile(path: string, maximumBytes: number): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > maximumBytes) throw new Error(`it has ${stats.size} bytes, and at most ${maximumBytes} are read`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
