import type { Writable } from 'node:stream';
import type { TextWriter } from './console-output.js';

/** Writes to pipes, sockets and streams of a program's own, none of which stop the process. */
export class StreamWriter implements TextWriter {
  constructor(private readonly stream: Writable) {}

  async write(text: string): Promise<Error | undefined> {
    try {
      return await new Promise((resolve) => {
        this.stream.write(text, (error) => resolve(error ?? undefined));
      });
    } catch (error) {
      // Node's stream for devices throws what it should pass on.
      return error as Error;
    }
  }

  setAwaited(): void {}
}
