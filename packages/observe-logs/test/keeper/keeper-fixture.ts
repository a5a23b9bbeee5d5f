import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogKeeper, type LogKeeperOptions, logSegmentName, readSegmentIndex } from '@aurae/observe-logs';
import type { BackendLog } from '@aurae/proto';
import { expect, onTestFinished } from 'vitest';
import { ManualClock } from '../fixtures/manual-clock.js';

/** A directory of the test's own. It is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'aurae-keeper-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Remembers what it was told. */
export class RememberingLog implements BackendLog {
  readonly lines: string[] = [];
  debug = (message: string) => void this.lines.push(`debug ${message}`);
  info = (message: string) => void this.lines.push(`info ${message}`);
  warn = (message: string) => void this.lines.push(`warn ${message}`);
  error = (message: string) => void this.lines.push(`error ${message}`);
}

/** Records of 100 bytes, with the newline. */
export function recordsOf(first: number, count: number, timeMs: number): string {
  const time = new Date(timeMs).toISOString();
  return Array.from({ length: count }, (_, index) => {
    const head = `${time} stdout F line ${first + index} `;
    return `${head}${'x'.repeat(99 - head.length)}\n`;
  }).join('');
}

/** A log that is written as aurae-shim writes it, but only when the test says so: each segment has ten records. */
export class WrittenLog {
  private next = 1;

  constructor(
    readonly directory: string,
    private readonly now: () => number,
  ) {
    mkdirSync(directory, { recursive: true });
  }

  get nextSequence(): number {
    return this.next;
  }

  /** Begins so many segments, each with ten records. */
  async rotate(count = 1): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    for (let index = 0; index < count; index++) {
      await writeFile(join(this.directory, logSegmentName(this.next)), recordsOf(this.next, 10, this.now()));
      this.next += 10;
    }
  }

  /** Adds to the last segment. */
  async grow(records: number): Promise<void> {
    const last = readdirSync(this.directory)
      .filter((name) => /^\d{20}\.log$/.test(name))
      .sort()
      .at(-1);
    await appendFile(join(this.directory, last ?? ''), recordsOf(this.next, records, this.now()));
    this.next += records;
  }

  /** First sequence numbers and forms, such as `1.log` or `11.sealed.log.gz`. */
  get segments(): string[] {
    return this.files.filter((name) => /^\d+\./.test(name)).map((name) => name.replace(/^0+/, ''));
  }

  get files(): string[] {
    return readdirSync(this.directory).sort();
  }

  /** Of all segments, on disk. */
  get bytes(): number {
    const segments = this.files.filter((name) => /^\d{20}\./.test(name));
    return segments.reduce((sum, name) => sum + statSync(join(this.directory, name)).size, 0);
  }
}

export const unbounded = { maximumBytes: 0, maximumBytesPerWorkload: 0, maximumAgeMs: 0, compress: false };

/** A keeper whose time is the test's. It is disposed when the test ends. */
export class KeeperFixture {
  readonly clock = new ManualClock();
  readonly log = new RememberingLog();
  readonly keeper: LogKeeper;

  constructor(options: Partial<LogKeeperOptions> = {}) {
    this.keeper = new LogKeeper({ ...unbounded, clock: this.clock, log: this.log, ...options });
    onTestFinished(() => this.keeper.dispose());
  }

  written(directory = join(temporaryDirectory(), 'log')): WrittenLog {
    return new WrittenLog(directory, () => this.clock.now());
  }

  /** Time goes on until it is so: what is to come of files takes a moment besides. */
  async until(isSo: () => boolean | Promise<boolean>, stepMs = 1000): Promise<void> {
    await expect.poll(() => this.clock.advance(stepMs).then(isSo), { timeout: 20_000, interval: 5 }).toBe(true);
  }

  /** First sequence numbers of the segments that the index tells of. */
  async indexed(directory: string): Promise<number[]> {
    return [...(await readSegmentIndex(directory)).keys()].sort((one, other) => one - other);
  }

  /** So it becomes without any time that passes on the clock. */
  becomes(value: () => unknown): ReturnType<typeof expect.poll> {
    return expect.poll(value, { timeout: 20_000, interval: 5 });
  }
}
