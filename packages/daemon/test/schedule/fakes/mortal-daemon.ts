import type { backend, CallContext, meta } from '@aurae/proto';
import type { StartedRun, WorkloadDriver } from '../../../src/schedule/drivers/workload-driver.js';
import type { ScheduleClock } from '../../../src/schedule/schedule-clock.js';
import type {
  HistoryItem,
  ScheduleProgress,
  ScheduleStore,
  StoreChange,
} from '../../../src/schedule/store/schedule-store.js';
import type { WorkloadKey, WorkloadSpec } from '../../../src/schedule/workload-key.js';

// What one daemon has in its hands. After a kill nothing reaches the world from it any more, and nothing comes back: what
// had left it before is done nevertheless.

/** The life of one daemon. */
export class Life {
  isOver = false;

  /** What comes back only while it lives. */
  answer<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.isOver) return never();
    return work().then(
      (value) => (this.isOver ? never() : value),
      (error: unknown) => {
        if (this.isOver) return never();
        throw error;
      },
    );
  }
}

export class MortalClock implements ScheduleClock {
  constructor(
    private readonly clock: ScheduleClock,
    private readonly life: Life,
  ) {}

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  after(milliseconds: number, callback: () => void): () => void {
    return this.clock.after(milliseconds, () => {
      if (!this.life.isOver) callback();
    });
  }
}

export class MortalDriver implements WorkloadDriver {
  constructor(
    private readonly driver: WorkloadDriver,
    private readonly life: Life,
  ) {}

  get kind(): meta.WorkloadKind {
    return this.driver.kind;
  }

  check(context: CallContext, spec: WorkloadSpec): Promise<string | undefined> {
    return this.life.answer(() => this.driver.check(context, spec));
  }

  start(context: CallContext, spec: WorkloadSpec, labels: Readonly<Record<string, string>>): Promise<StartedRun> {
    return this.life.answer(() => this.driver.start(context, spec, labels));
  }

  stop(context: CallContext, key: WorkloadKey): Promise<void> {
    return this.life.answer(() => this.driver.stop(context, key));
  }

  async *watch(context: CallContext): AsyncGenerator<backend.WorkloadEvent> {
    for await (const event of this.driver.watch(context)) {
      if (this.life.isOver) return;
      yield event;
    }
    if (this.life.isOver) await never();
  }

  exec(context: CallContext, spec: WorkloadSpec, argv: readonly string[]): Promise<string | undefined> {
    return this.life.answer(() => this.driver.exec(context, spec, argv));
  }

  readLog(...call: Parameters<WorkloadDriver['readLog']>): ReturnType<WorkloadDriver['readLog']> {
    return this.driver.readLog(...call);
  }
}

export class MortalStore implements ScheduleStore {
  constructor(
    private readonly store: ScheduleStore,
    private readonly life: Life,
  ) {}

  get id(): string {
    return this.store.id;
  }

  get notice(): string {
    return this.store.notice;
  }

  get lastRevision(): number {
    return this.store.lastRevision;
  }

  load() {
    return this.store.load();
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    return this.life.answer(() => this.store.commit(changes));
  }

  keepProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    if (!this.life.isOver) this.store.keepProgress(key, progress);
  }

  keepHistory(item: HistoryItem): void {
    if (!this.life.isOver) this.store.keepHistory(item);
  }

  history(key: WorkloadKey) {
    return this.store.history(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function never(): Promise<never> {
  return new Promise(() => {});
}
