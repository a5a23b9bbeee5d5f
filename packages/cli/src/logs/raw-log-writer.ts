import type { meta, observe } from '@aurae/proto';
import { paintFor } from '../output/terminal-style.js';
import { ChannelOutput } from './channel-output.js';
import { ItemJson } from './item-json.js';
import { channelOf, isLossAlone, type LogChannel } from './log-entry.js';
import { LogTimes } from './log-times.js';
import { lossText } from './loss-text.js';

export interface WriterOptions {
  readonly output?: 'text' | 'json' | undefined;
  /** The time before each line. */
  readonly timestamps?: boolean | undefined;
}

/** Writes the output of a workload as it was written: the exact bytes, each channel to its own. Or as JSON. */
export class RawLogWriter {
  private readonly output = new ChannelOutput();
  private readonly times = new LogTimes();
  private readonly json = new ItemJson();
  private readonly paintLoss = paintFor(process.stderr);
  /** Whose last line goes on. */
  private readonly unfinished = { stdout: false, stderr: false };

  constructor(private readonly options: WriterOptions) {}

  /** Resolves to false once a reader has left. */
  async write(items: readonly observe.LogItem[], workload?: meta.WorkloadReference): Promise<boolean> {
    if (this.options.output === 'json') {
      for (const item of items) this.output.text('stdout', this.json.line(item, workload));
    } else {
      for (const item of items) this.add(item);
    }
    return await this.output.flush();
  }

  private add(item: observe.LogItem): void {
    if (item.dropped > 0n) {
      this.output.text('stderr', `${this.paintLoss('yellow', lossText(item.dropped))}\n`);
      if (isLossAlone(item)) return;
    }
    const channel = channelOf(item);
    if (this.options.timestamps) this.addTime(item, channel);
    this.unfinished[channel] = item.partial;
    const end = item.partial ? '' : '\n';
    if (item.lineBytes.length === 0) {
      this.output.text(channel, item.line + end);
    } else {
      this.output.bytes(channel, item.lineBytes);
      this.output.text(channel, end);
    }
  }

  private addTime({ timestamp }: observe.LogItem, channel: LogChannel): void {
    if (!this.unfinished[channel]) this.output.text(channel, `${this.times.shown(channel, timestamp)} `);
  }
}
