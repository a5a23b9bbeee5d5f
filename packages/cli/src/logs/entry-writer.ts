import { type meta, observe } from '@aurae/proto';
import { type Paint, paintFor, type Style } from '../output/terminal-style.js';
import { ChannelOutput } from './channel-output.js';
import { textOf } from './entry-filter.js';
import { highlighted } from './highlighted.js';
import { ItemJson } from './item-json.js';
import type { LinePattern } from './line-pattern.js';
import { channelOf, type LogChannel, type LogEntry, type LogLine, type LogLoss } from './log-entry.js';
import { LogTimes } from './log-times.js';
import { lossText } from './loss-text.js';
import type { WriterOptions } from './raw-log-writer.js';

/** One of the logs that are shown. */
export interface WrittenLog {
  /** Stands before each of its lines; empty for none. */
  readonly prefix: string;
  readonly style: Style | undefined;
  readonly workload: meta.WorkloadReference | undefined;
}

export interface EntryWriterOptions extends WriterOptions {
  /** What is shown where it is found, on a terminal. */
  readonly pattern?: LinePattern | undefined;
}

/** Writes lines of many logs, each whole, and each channel to its own. Or as JSON. */
export class EntryWriter {
  private readonly output = new ChannelOutput();
  private readonly times = new LogTimes();
  private readonly json = new ItemJson();
  private readonly paint: Readonly<Record<LogChannel, Paint>> = {
    stdout: paintFor(process.stdout),
    stderr: paintFor(process.stderr),
  };

  constructor(private readonly options: EntryWriterOptions) {}

  add(entry: LogEntry, log: WrittenLog): void {
    if (this.options.output === 'json') this.addJson(entry, log);
    else if (entry.kind === 'loss') this.addLoss(entry, log);
    else this.addLine(entry, log);
  }

  /** Resolves to false once a reader has left. */
  async flush(): Promise<boolean> {
    return await this.output.flush();
  }

  private addJson(entry: LogEntry, { workload }: WrittenLog): void {
    const items = entry.kind === 'line' ? entry.items : [lossItem(entry)];
    for (const item of items) this.output.text('stdout', this.json.line(item, workload));
  }

  private addLoss({ item }: LogLoss, log: WrittenLog): void {
    const text = this.paint.stderr('yellow', lossText(item.dropped));
    this.output.text('stderr', `${this.prefixOf(log, 'stderr')}${text}\n`);
  }

  private addLine(line: LogLine, log: WrittenLog): void {
    const [first] = line.items;
    if (!first) return;
    const channel = channelOf(first);
    const isOnItsOwn = line.begins || log.prefix !== '';
    const time = this.options.timestamps && isOnItsOwn ? `${this.times.shown(channel, first.timestamp)} ` : '';
    this.output.text(channel, this.prefixOf(log, channel) + time);
    this.addContent(line, channel);
    // The next line may be another log's.
    if (line.ends || log.prefix !== '') this.output.text(channel, '\n');
  }

  private addContent({ items }: LogLine, channel: LogChannel): void {
    if (items.every(({ lineBytes }) => lineBytes.length === 0)) {
      const text = textOf(items);
      const { pattern } = this.options;
      this.output.text(channel, pattern ? highlighted(text, pattern, this.paint[channel]) : text);
      return;
    }
    for (const { line, lineBytes } of items) {
      if (lineBytes.length > 0) this.output.bytes(channel, lineBytes);
      else this.output.text(channel, line);
    }
  }

  private prefixOf({ prefix, style }: WrittenLog, channel: LogChannel): string {
    return prefix === '' ? '' : this.paint[channel](style, prefix);
  }
}

/** What was lost, without the line that came after it, which may not be wanted. */
function lossItem({ item: { dropped, sequence, timestamp } }: LogLoss): observe.LogItem {
  const line = lossText(dropped).replace('… ', '');
  return observe.LogItem.fromPartial({ line, dropped, sequence, timestamp, level: 'warn' });
}
