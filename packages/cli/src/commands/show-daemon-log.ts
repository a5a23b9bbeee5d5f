import type { AuraeClient } from '@aurae/client';
import { observe } from '@aurae/proto';
import type { OpenStream } from '../following/as-it-comes.js';
import type { DaemonComeback } from '../following/daemon-comeback.js';
import { inBatches } from '../following/in-batches.js';
import type { Interruption } from '../interruption.js';
import { DaemonLogFeed } from '../logs/daemon-log-feed.js';
import { type LinePattern, withPattern } from '../logs/line-pattern.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { formatLogItem, textOfLogItem } from './format-log-item.js';
import type { LogsOptions } from './logs-options.js';

export interface DaemonLogPlan {
  readonly client: AuraeClient;
  readonly comeback: DaemonComeback | undefined;
  readonly options: LogsOptions;
  readonly pattern: LinePattern | undefined;
  readonly interruption: Interruption;
}

export async function showDaemonLog(plan: DaemonLogPlan): Promise<void> {
  const { client, comeback, options, pattern, interruption } = plan;
  const { follow = false, tail = 0 } = options;
  const { signal } = interruption;
  const feed = new DaemonLogFeed(client, options, comeback);
  const view = new DaemonLogView(plan);
  const wantsLastMatching = pattern !== undefined && tail > 0;
  if (wantsLastMatching) {
    const read = (own: AbortSignal) => feed.read(false, 0, own);
    if (!(await view.show(await lastOf(view.wanted(read, signal), tail)))) return;
    if (!follow) return;
  }
  const read = (own: AbortSignal) => feed.read(follow, wantsLastMatching ? 0 : tail, own);
  for await (const items of view.wanted(read, signal)) {
    if (!(await view.show(items))) return;
  }
}

class DaemonLogView {
  private readonly stdout = new OutputStream(process.stdout);
  private readonly paint = paintFor(process.stdout);
  /** Before a line that was not wanted: told by the next one that is. */
  private dropped = 0n;

  constructor(private readonly plan: DaemonLogPlan) {}

  async *wanted(open: OpenStream<observe.LogItem>, signal: AbortSignal): AsyncGenerator<observe.LogItem[]> {
    const { pattern } = this.plan;
    for await (const items of inBatches(open, signal)) {
      yield pattern ? withPattern(pattern, () => items.flatMap((item) => this.matching(item, pattern))) : items;
    }
  }

  /** Resolves to false once the reader has left. */
  async show(items: readonly observe.LogItem[]): Promise<boolean> {
    const format = () => items.map((item) => `${this.format(item)}\n`).join('');
    const text = this.plan.pattern ? withPattern(this.plan.pattern, format) : format();
    return await this.plan.interruption.race(this.stdout.write(text));
  }

  private format(item: observe.LogItem): string {
    const { options, pattern } = this.plan;
    if (options.output === 'json') return JSON.stringify(observe.LogItem.toJSON(item));
    return formatLogItem(item, this.paint, pattern);
  }

  private matching(item: observe.LogItem, pattern: LinePattern): observe.LogItem[] {
    this.dropped += item.dropped;
    if (!pattern.matches(textOfLogItem(item))) return [];
    const { dropped } = this;
    this.dropped = 0n;
    return [dropped === item.dropped ? item : { ...item, dropped }];
  }
}

async function lastOf(batches: AsyncIterable<observe.LogItem[]>, count: number): Promise<observe.LogItem[]> {
  let last: observe.LogItem[] = [];
  for await (const items of batches) last = [...last, ...items].slice(-count);
  return last;
}
