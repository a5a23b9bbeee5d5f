import { type CallContext, kindWord, NotFoundError, observe, type runtime } from '@aurae/proto';
import type { TestServices } from '../../../client/test/support/test-daemon.js';

interface FakeLog {
  readonly id: string;
  readonly items: observe.LogItem[];
  hasEnded: boolean;
}

/** Few, so that there are many; more where there is much. */
const batchItems = (count: number) => (count > 1000 ? 256 : 3);

/** Logs of workloads in memory, read as auraed reads them; they outlive the daemon that serves them. */
export class FakeLogs {
  readonly requests: observe.GetWorkloadLogStreamRequest[] = [];
  private readonly logs = new Map<string, FakeLog>();
  private readonly waiting = new Set<() => void>();

  /** @param id tells the logs from those of the same names in another one */
  constructor(private readonly id = 'first') {}

  /** @param workload `executable/web` */
  add(workload: string, ...items: readonly (string | runtime.DeepPartial<observe.LogItem>)[]): this {
    const log = this.logs.get(workload) ?? { id: `${this.id} ${workload}`, items: [], hasEnded: false };
    this.logs.set(workload, log);
    for (const item of items) {
      const partial = typeof item === 'string' ? { line: item } : item;
      const next = (log.items.at(-1)?.sequence ?? 0n) + 1n;
      log.items.push(observe.LogItem.fromPartial({ channel: 'stdout', sequence: next, timestamp: next, ...partial }));
    }
    this.wake();
    return this;
  }

  /** Nothing comes any more: who follows comes to the end. */
  end(workload: string): void {
    const log = this.logs.get(workload);
    if (log) log.hasEnded = true;
    this.wake();
  }

  services(): TestServices {
    return {
      observe: {
        status: async () => observe.StatusResponse.fromPartial({}),
        getWorkloadLogStream: (context, request) => this.stream(context, request),
      },
    };
  }

  private async *stream(
    { signal }: CallContext,
    request: observe.GetWorkloadLogStreamRequest,
  ): AsyncGenerator<observe.LogBatch> {
    this.requests.push(request);
    const { workload, follow, tail, logId, channel, sinceMs, untilMs } = request;
    const log = this.logs.get(`${kindWord(workload?.kind ?? 0)}/${workload?.name}`);
    if (!log) throw new NotFoundError(`Cannot find the ${kindWord(workload?.kind ?? 0)} "${workload?.name}"`);
    let after = logId === '' || logId === log.id ? request.afterSequence : 0n;
    const wanted = (most = Number.POSITIVE_INFINITY) => {
      const found: observe.LogItem[] = [];
      // Numbers are places in the list, and begin with 1.
      for (let index = Number(after); index < log.items.length && found.length < most; index++) {
        const item = log.items[index] as observe.LogItem;
        const isInTime = item.timestamp >= sinceMs && (untilMs === 0n || item.timestamp <= untilMs);
        if (isInTime && (channel === '' || item.channel === channel)) found.push(item);
      }
      return found;
    };
    if (tail > 0) after = wanted().at(-tail - 1)?.sequence ?? after;
    for (;;) {
      const items = wanted(batchItems(log.items.length));
      const last = items.at(-1);
      if (last) {
        after = last.sequence;
        yield { items, logId: log.id };
      } else if (!follow || log.hasEnded) {
        return;
      } else {
        await this.change(signal);
      }
    }
  }

  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.add(resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}
