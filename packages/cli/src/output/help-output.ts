import { OutputStream } from './output-stream.js';

/** The help, which commander writes without waiting. */
export class HelpOutput {
  private readonly stdout = new OutputStream(process.stdout);
  private readonly stderr = new OutputStream(process.stderr);
  private readonly writes: Promise<boolean>[] = [];

  readonly writeOut = (text: string): void => {
    this.writes.push(this.stdout.write(text));
  };

  readonly writeErr = (text: string): void => {
    this.writes.push(this.stderr.write(text));
  };

  /** Resolves once all of it is written, or its reader has left. */
  async written(): Promise<void> {
    await Promise.all(this.writes);
  }
}
