import { type CallContext, callContext, meta, type schedule } from '@aurae/proto';
import { onTestFinished } from 'vitest';
import { Logger, type LogLine } from '../../src/logging/logger.js';
import { applySchedule } from '../../src/schedule/schedule-application.js';
import { ScheduleEngine } from '../../src/schedule/schedule-engine.js';
import { exportSchedule } from '../../src/schedule/schedule-queries.js';
import { Supervisor } from '../../src/schedule/supervision/supervisor.js';
import type { WorkloadSpec } from '../../src/schedule/workload-key.js';
import { FakeDriver } from './fakes/fake-driver.js';
import { MemoryScheduleStore } from './fakes/memory-schedule-store.js';
import { Life, MortalClock, MortalDriver, MortalStore } from './fakes/mortal-daemon.js';
import { key } from './fakes/specs.js';
import { VirtualClock } from './virtual-clock.js';

export interface HarnessParts {
  readonly clock?: VirtualClock;
  readonly driver?: FakeDriver;
  readonly store?: MemoryScheduleStore;
  /** What the schedule takes for chance, from 0 to 1. */
  readonly random?: () => number;
}

/** One node in virtual time: a backend and a store in memory, and one engine after the other between them. */
export class EngineHarness {
  readonly clock: VirtualClock;
  readonly driver: FakeDriver;
  readonly store: MemoryScheduleStore;
  readonly logged: LogLine[] = [];
  private readonly random: () => number;
  private life = new Life();
  private current: ScheduleEngine;

  private constructor({ clock, driver, store, random }: HarnessParts) {
    this.clock = clock ?? new VirtualClock();
    this.driver = driver ?? new FakeDriver(this.clock);
    this.store = store ?? new MemoryScheduleStore();
    this.random = random ?? (() => 0);
    this.current = this.makeEngine();
  }

  /** A node whose daemon has started and has settled. */
  static async start(parts: HarnessParts = {}): Promise<EngineHarness> {
    const harness = new EngineHarness(parts);
    await harness.boot();
    return harness;
  }

  get engine(): ScheduleEngine {
    return this.current;
  }

  enable(spec: WorkloadSpec, context: CallContext = callContext()): Promise<string> {
    return this.engine.enable(spec, context);
  }

  disable(name: string, context: CallContext = callContext()): Promise<string> {
    return this.engine.disable(key(name), context);
  }

  destroy(name: string, context: CallContext = callContext()): Promise<string> {
    return this.engine.destroy(key(name), context);
  }

  /** Applies in one message; answers with everything that was told. */
  async apply(
    specs: readonly (WorkloadSpec | schedule.ScheduleRecord)[],
    options: { readonly dryRun?: boolean; readonly prune?: boolean } = {},
    context: CallContext = callContext(),
  ): Promise<schedule.ApplyResponse[]> {
    const records = specs.map((spec) => ('$case' in spec ? { workload: spec, disabled: false } : spec));
    const request = { records, dryRun: options.dryRun ?? false, prune: options.prune ?? false };
    const answers: schedule.ApplyResponse[] = [];
    for await (const answer of applySchedule(this.engine, once(request), context)) answers.push(answer);
    return answers;
  }

  async exported(): Promise<schedule.ScheduleRecord[]> {
    const records: schedule.ScheduleRecord[] = [];
    for await (const part of exportSchedule(this.engine)) records.push(...part.records);
    return records;
  }

  /** As the API shows it. */
  show(name: string): schedule.ScheduledWorkload {
    const workload = this.engine.supervisor.scheduled(key(name));
    if (!workload) throw new Error(`"${name}" is not scheduled`);
    return this.engine.describe(workload);
  }

  /** Without `STATUS_`. */
  statusOf(name: string): string {
    return meta.Status[this.show(name).status].replace('STATUS_', '');
  }

  /** The types of its history, the oldest first. */
  async historyOf(name: string): Promise<string[]> {
    return (await this.store.history(key(name))).map(({ type }) => type);
  }

  async historyMessages(name: string, type: string): Promise<string[]> {
    const items = await this.store.history(key(name));
    return items.filter((item) => item.type === type).map(({ message }) => message);
  }

  /** Lets everything that is on its way come to its end, while time stands still. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(milliseconds: number): Promise<void> {
    await this.clock.advanceAsync(milliseconds);
  }

  /** The stream of events is lost, and comes back a moment later. */
  async cutStreams(): Promise<void> {
    this.driver.cutStreams();
    await this.advance(100);
  }

  /** The daemon ends in good order. */
  async shutDown(): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    this.life.isOver = true;
  }

  /** `kill -9`: nothing that the engine does from now on reaches the world. */
  kill(): void {
    this.life.isOver = true;
  }

  /** The next daemon, on what the last one has left. */
  async boot(): Promise<void> {
    await this.settle();
    this.life = new Life();
    this.store.reopen();
    this.current = this.makeEngine();
    await this.engine.start();
    await this.settle();
  }

  async restart(): Promise<void> {
    await this.shutDown();
    await this.boot();
  }

  private makeEngine(): ScheduleEngine {
    const { life } = this;
    const log = Logger.create('debug', (line) => void this.logged.push(line));
    const supervisor = new Supervisor({
      drivers: [new MortalDriver(this.driver, life)],
      store: new MortalStore(this.store, life),
      clock: new MortalClock(this.clock, life),
      log,
      random: this.random,
    });
    return new ScheduleEngine(supervisor);
  }
}

/** A node that is gone when the test ends. */
export async function startHarness(parts: HarnessParts = {}): Promise<EngineHarness> {
  const harness = await EngineHarness.start(parts);
  onTestFinished(() => harness.kill());
  return harness;
}

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}
