import { OutputStream } from '../output/output-stream.js';
import type { LogChannel } from './log-entry.js';

/** Neighbours for the same channel: a write for each line would cost more than the line. */
interface Run {
  readonly channel: LogChannel;
  readonly parts: Buffer[];
  text: string;
}

/** Collects output for standard output and error, and writes it in its order. */
export class ChannelOutput {
  private readonly streams = { stdout: new OutputStream(process.stdout), stderr: new OutputStream(process.stderr) };
  private runs: Run[] = [];

  text(channel: LogChannel, text: string): void {
    this.runOf(channel).text += text;
  }

  bytes(channel: LogChannel, bytes: Buffer): void {
    const run = this.runOf(channel);
    if (run.text !== '') run.parts.push(Buffer.from(run.text));
    run.text = '';
    run.parts.push(bytes);
  }

  /** Resolves to false once a reader has left. */
  async flush(): Promise<boolean> {
    const { runs } = this;
    this.runs = [];
    for (const { channel, parts, text } of runs) {
      const data = parts.length === 0 ? text : Buffer.concat([...parts, Buffer.from(text)]);
      if (!(await this.streams[channel].write(data))) return false;
    }
    return true;
  }

  private runOf(channel: LogChannel): Run {
    const last = this.runs.at(-1);
    if (last?.channel === channel) return last;
    const run = { channel, parts: [], text: '' };
    this.runs.push(run);
    return run;
  }
}
