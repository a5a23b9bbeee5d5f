import { type backend, callContext, isAuraeError } from '@aurae/proto';
import { backoffMs } from '@aurae/observe-logs';
import type { Logger } from '../../logging/logger.js';
import type { WorkloadDriver } from '../drivers/workload-driver.js';
import type { ScheduleClock } from '../schedule-clock.js';
import { waitOnClock } from '../wait-on-clock.js';
import { isLiving } from './run-outcome.js';

export interface KindListener {
  /** All that the backend knows, by name: after each time that the connection to it was lost, and at first. */
  onSnapshot(snapshot: ReadonlyMap<string, backend.WorkloadEvent>): void;
  onEvent(event: backend.WorkloadEvent): void;
  /** The stream of its events has broken, after it was whole; the next snapshot mends that. */
  onLost?(reason: string): void;
}

const firstRetryMs = 100;
const longestRetryMs = 30_000;

/** Follows what one backend tells of its workloads, for as long as it is not disposed. */
export class KindWatch {
  /** What lives in the backend, by name, whoever started it. */
  readonly living = new Map<string, backend.WorkloadEvent>();
  /** Why the backend's workloads are not known; undefined when they are. */
  unknownBecause: string | undefined = 'its backend has not told yet what runs';
  /** Why there is nothing to be scheduled on this backend, ever. */
  unsupported: Error | undefined;
  private readonly over = new AbortController();
  private readonly firstNews: Promise<void>;
  private tellFirstNews = (): void => {};
  private following: Promise<void> | undefined;

  constructor(
    private readonly driver: Pick<WorkloadDriver, 'watch'>,
    private readonly clock: ScheduleClock,
    private readonly log: Logger,
    private readonly listener: KindListener,
  ) {
    this.firstNews = new Promise((resolve) => (this.tellFirstNews = resolve));
  }

  start(): void {
    this.following ??= this.follow();
  }

  /** Resolves once the backend has told what runs for the first time, or has failed to. */
  whenKnown(): Promise<void> {
    return this.firstNews;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.over.abort();
    this.tellFirstNews();
    await this.following;
  }

  private async follow(): Promise<void> {
    for (let failures = 1; !this.over.signal.aborted; failures++) {
      try {
        await this.followOnce(() => (failures = 0));
        if (this.over.signal.aborted) return;
        this.lost('its backend has ended the stream of events');
      } catch (error) {
        if (this.over.signal.aborted) return;
        this.lost(isAuraeError(error) ? error.message : String(error));
        // What offers no workloads has none to lose.
        if (isAuraeError(error) && error.reason === 'CAPABILITY_NOT_SUPPORTED') {
          this.unsupported = error;
          return;
        }
        this.log.warn('Lost sight of the workloads of a backend', { error });
      }
      const pauseMs = backoffMs(failures, firstRetryMs, longestRetryMs, Math.random());
      await waitOnClock(this.clock, pauseMs, this.over.signal).catch(() => undefined);
    }
  }

  private async followOnce(onSync: () => void): Promise<void> {
    const snapshot = new Map<string, backend.WorkloadEvent>();
    let isInSync = false;
    for await (const event of this.driver.watch(callContext({ signal: this.over.signal }))) {
      if (this.over.signal.aborted) return;
      const name = event.workload?.name ?? '';
      if (event.inSync) {
        isInSync = true;
        onSync();
        this.synced(snapshot);
      } else if (isInSync) {
        this.note(name, event);
        this.listener.onEvent(event);
      } else {
        snapshot.set(name, event);
      }
    }
  }

  private synced(snapshot: ReadonlyMap<string, backend.WorkloadEvent>): void {
    this.living.clear();
    for (const [name, event] of snapshot) this.note(name, event);
    this.unknownBecause = undefined;
    this.tellFirstNews();
    this.listener.onSnapshot(snapshot);
  }

  private note(name: string, event: backend.WorkloadEvent): void {
    if (isLiving(event)) this.living.set(name, event);
    else this.living.delete(name);
  }

  private lost(reason: string): void {
    if (this.unknownBecause === undefined) this.listener.onLost?.(reason);
    this.unknownBecause = reason;
    this.tellFirstNews();
  }
}
