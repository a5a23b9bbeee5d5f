import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackendLog, meta, runtime } from '@aurae/proto';
import { onTestFinished } from 'vitest';
import type { ScheduleClock } from '../../../src/schedule/schedule-clock.js';
import { openScheduleStore } from '../../../src/schedule/store/index.js';
import type { ScheduleEntry, ScheduleStore, StoreChange } from '../../../src/schedule/store/schedule-store.js';
import type { WorkloadKey } from '../../../src/schedule/workload-key.js';

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export class RecordingLog implements BackendLog {
  readonly lines: LoggedLine[] = [];

  debug = (message: string) => void this.lines.push({ level: 'debug', message });
  info = (message: string) => void this.lines.push({ level: 'info', message });
  warn = (message: string) => void this.lines.push({ level: 'warn', message });
  error = (message: string) => void this.lines.push({ level: 'error', message });

  ofLevel(level: LoggedLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}

/** Stands still until it is told otherwise. */
export class ManualClock implements ScheduleClock {
  private time = 0;
  private timers: { readonly at: number; readonly callback: () => void }[] = [];

  now = () => Date.parse('2026-11-22T20:15:00.250Z') + this.time;
  monotonic = () => this.time;

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.time + milliseconds, callback };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { callback } of due) callback();
  }
}

/** A directory with a store in it; the store closes when the test ends, and the directory goes unless it was given. */
export class StoreFixture {
  readonly log = new RecordingLog();
  readonly clock = new ManualClock();
  readonly path: string;
  private readonly stores: ScheduleStore[] = [];

  readonly directory: string;

  constructor(given?: string) {
    const directory = given ?? mkdtempSync(join(tmpdir(), 'aurae-store-'));
    this.directory = directory;
    this.path = join(directory, 'schedule.db');
    onTestFinished(async () => {
      await this.close();
      if (given === undefined) rmSync(directory, { recursive: true, force: true });
    });
  }

  async open(): Promise<ScheduleStore> {
    const store = await openScheduleStore(this.path, { log: this.log, clock: this.clock });
    this.stores.push(store);
    return store;
  }

  async close(): Promise<void> {
    for (const store of this.stores.splice(0)) await store[Symbol.asyncDispose]();
  }

  async reopen(): Promise<ScheduleStore> {
    await this.close();
    return this.open();
  }
}

export function keyNamed(name: string): WorkloadKey {
  return { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
}

export function entryNamed(name: string, revision: number, command = `run ${name}`, enabled = true): ScheduleEntry {
  const value = runtime.Executable.fromPartial({ meta: { name }, command });
  return {
    key: keyNamed(name),
    spec: { $case: 'executable', value },
    enabled,
    revision,
    decidedAtMs: 1_700_000_000_000 + revision,
  };
}

export function put(name: string, revision: number, command?: string): StoreChange {
  return { kind: 'put', entry: entryNamed(name, revision, command) };
}

export function putOnTrial(name: string, revision: number, command?: string): StoreChange {
  return { kind: 'put', entry: entryNamed(name, revision, command), onTrial: true };
}

export async function entriesOf(store: ScheduleStore): Promise<ScheduleEntry[]> {
  return (await store.load()).map(({ entry }) => entry);
}
