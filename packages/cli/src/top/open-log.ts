import type { AuraeClient } from '@aurae/client';
import type { DaemonComeback } from '../following/daemon-comeback.js';
import { LogFeed } from '../logs/log-feed.js';
import { shownKey, type WorkloadKey } from '../schedule/workload-key.js';
import { LogPane } from './log-pane.js';

const tail = 1000;

/** The log of a workload that is being looked at, followed until it is left. */
export class OpenLog implements Disposable {
  readonly pane: LogPane;
  private readonly over = new AbortController();

  /** @param onChange there is something else to be shown */
  constructor(
    private readonly key: WorkloadKey,
    private readonly onChange: () => void,
  ) {
    this.pane = new LogPane(shownKey(key));
  }

  /** Resolves at the end of the log, or when it is left. What goes wrong is shown in its place. */
  async follow(client: AuraeClient, comeback: DaemonComeback, signal: AbortSignal): Promise<void> {
    const own = AbortSignal.any([signal, this.over.signal]);
    const target = { label: shownKey(this.key), candidates: [{ kind: 'workload', key: this.key } as const] };
    const feed = new LogFeed(client, target, { follow: true }, comeback);
    try {
      for await (const items of feed.whole(tail, own)) {
        this.pane.add(items);
        this.onChange();
      }
      this.pane.notice = 'the end of the log';
    } catch (error) {
      if (own.aborted) return;
      this.pane.notice = error instanceof Error ? error.message : String(error);
    }
    this.onChange();
  }

  [Symbol.dispose](): void {
    this.over.abort();
  }
}
