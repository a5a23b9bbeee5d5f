import type { backend, meta } from '@aurae/proto';
import type { Logger } from '../logging/logger.js';
import type { WorkloadDriver } from '../schedule/drivers/workload-driver.js';
import type { ScheduleClock } from '../schedule/schedule-clock.js';
import { KindWatch } from '../schedule/supervision/kind-watch.js';

/** Hears what becomes of workloads of every kind. Must not throw. */
export interface WorkloadNewsListener {
  /** All that the backend of a kind knows, by name, living and ended: at first, and each time that it was out of sight. */
  onSnapshot?(kind: meta.WorkloadKind, known: ReadonlyMap<string, backend.WorkloadEvent>): void;
  /** A change after the last snapshot. */
  onEvent?(kind: meta.WorkloadKind, event: backend.WorkloadEvent): void;
  /** A backend tells nothing any more, and why; or, with undefined, it does again. A snapshot has come before that. */
  onSight?(kind: meta.WorkloadKind, lostBecause: string | undefined): void;
}

export interface WorkloadNewsParts {
  readonly drivers: readonly Pick<WorkloadDriver, 'kind' | 'watch'>[];
  readonly clock: ScheduleClock;
  readonly log: Logger;
}

/** Follows every backend once, and tells whoever wants to know: events, metrics, traces, the forwarding of logs. */
export class WorkloadNews implements AsyncDisposable {
  private readonly listeners = new Set<WorkloadNewsListener>();
  private readonly watches: readonly KindWatch[];
  private readonly lost = new Set<meta.WorkloadKind>();
  private readonly known = new Map<meta.WorkloadKind, Map<string, backend.WorkloadEvent>>();

  constructor({ drivers, clock, log }: WorkloadNewsParts) {
    this.watches = drivers.map(
      (driver) =>
        new KindWatch(driver, clock, log, {
          onSnapshot: (snapshot) => this.onSnapshot(driver.kind, snapshot),
          onEvent: (event) => this.onEvent(driver.kind, event),
          onLost: (reason) => this.onLost(driver.kind, reason),
        }),
    );
  }

  /** Once every listener is there. */
  start(): void {
    for (const watch of this.watches) watch.start();
  }

  /** Resolves once each backend has told what there is, or has failed to. */
  async whenKnown(): Promise<void> {
    await Promise.all(this.watches.map((watch) => watch.whenKnown()));
  }

  add(listener: WorkloadNewsListener): void {
    this.listeners.add(listener);
  }

  /** The newest word about each workload that is known, of a kind or of all. */
  *all(): Iterable<{ readonly kind: meta.WorkloadKind; readonly event: backend.WorkloadEvent }> {
    for (const [kind, events] of this.known) for (const event of events.values()) yield { kind, event };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.watches.map((watch) => watch[Symbol.asyncDispose]()));
  }

  private onSnapshot(kind: meta.WorkloadKind, snapshot: ReadonlyMap<string, backend.WorkloadEvent>): void {
    this.known.set(kind, new Map(snapshot));
    for (const listener of this.listeners) listener.onSnapshot?.(kind, snapshot);
    if (!this.lost.delete(kind)) return;
    for (const listener of this.listeners) listener.onSight?.(kind, undefined);
  }

  private onEvent(kind: meta.WorkloadKind, event: backend.WorkloadEvent): void {
    const name = event.workload?.name ?? '';
    if (event.removed) this.known.get(kind)?.delete(name);
    else this.known.get(kind)?.set(name, event);
    for (const listener of this.listeners) listener.onEvent?.(kind, event);
  }

  private onLost(kind: meta.WorkloadKind, reason: string): void {
    this.lost.add(kind);
    for (const listener of this.listeners) listener.onSight?.(kind, reason);
  }
}
