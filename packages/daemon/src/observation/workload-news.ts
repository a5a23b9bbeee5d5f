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
  private readonly known = new Map<meta.WorkloadKind, Map<string, backend.WorkloadEvent>>();

  constructor({ drivers, clock, log }: WorkloadNewsParts) {
    this.watches = drivers.map(
      (driver) =>
        new KindWatch(driver, clock, log, {
          onSnapshot: (snapshot) => this.onSnapshot(driver.kind, snapshot),
          onEvent: (event) => this.onEvent(driver.kind, event),
        }),
    );
  }

  /** Once every listener is there. */
  start(): void {
    for (const watch of this.watches) watch.start();
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
  }

  private onEvent(kind: meta.WorkloadKind, event: backend.WorkloadEvent): void {
    this.known.get(kind)?.set(event.workload?.name ?? '', event);
    for (const listener of this.listeners) listener.onEvent?.(kind, event);
  }
}
