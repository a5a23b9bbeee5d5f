import type { AuraeClient } from '@aurae/client';
import type { observe } from '@aurae/proto';
import type { DaemonComeback } from '../following/daemon-comeback.js';
import { outlasting } from '../following/outlasting.js';

/** What of the daemon's own log is asked for. */
export interface DaemonLogRange {
  /** Unix milliseconds, inclusive; as `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly level?: string | undefined;
  readonly component?: string | undefined;
}

type Items = AsyncIterable<observe.LogItem>;

/** Reads the log of auraed itself, and remembers how far. */
export class DaemonLogFeed {
  private last: { readonly timestamp: bigint; readonly sequence: bigint } | undefined;

  /** @param comeback absent: the end of auraed is a failure */
  constructor(
    private readonly client: AuraeClient,
    private readonly range: DaemonLogRange,
    private readonly comeback: DaemonComeback | undefined,
  ) {}

  /** What there is now of what was not read yet, and then what comes if it is followed. */
  read(follow: boolean, tail: number, signal: AbortSignal): Items {
    return outlasting(() => this.open(follow, tail, signal), this.comeback);
  }

  /**
   * The log is kept in memory, so that after a restart it is another one, whose numbers begin anew: what is newer goes on
   * after what was read.
   */
  private async *open(follow: boolean, tail: number, signal: AbortSignal): AsyncGenerator<observe.LogItem> {
    const { last } = this;
    const { since = 0, until = 0, level = '', component = '' } = this.range;
    const request = {
      backlogOnly: !follow,
      tail: last ? 0 : tail,
      sinceMs: last ? Math.max(Number(last.timestamp), since) : since,
      untilMs: until,
      minimumLevel: level,
      component,
    };
    for await (const item of this.client.observe.getAuraeDaemonLogStream(request, { signal })) {
      const { timestamp, sequence } = item;
      if (last && timestamp === last.timestamp && sequence <= last.sequence) continue;
      this.last = { timestamp, sequence };
      yield item;
    }
  }
}
