import { join } from 'node:path';
import type { BackendLog, meta } from '@aurae/proto';
import { type Clock, systemClock } from '../clock.js';
import type { LogPlace } from './log-place.js';
import type { JournalEntry } from './log-position-journal.js';
import { PositionFile } from './position-file.js';
import { PositionSaver } from './position-saver.js';
import { workloadKey } from '../workload-key.js';

/** Entries that are kept. Beyond that the one that was not set for the longest time goes. */
const maximumEntries = 20_000;

export interface LogPositionsOptions {
  /** Where the file `positions` lies. Made, mode 0700, when it is needed. */
  readonly directory: string;
  readonly log?: BackendLog;
  /** Default: the system's. */
  readonly clock?: Clock;
}

interface Position extends JournalEntry {
  readonly place: LogPlace;
}

/**
 * How far one sink has come in the log of each workload, in memory and in a file. It is saved a moment later and without
 * a sync: after a crash a sink gets again what it was given in that moment, after a power cut some more. A file that
 * cannot be read or written makes nothing fail; it is tried again, and told in the log.
 */
export class LogPositions implements AsyncDisposable {
  private readonly positions = new Map<string, Position>();
  private readonly file: PositionFile;
  private readonly saver: PositionSaver;
  private readonly log: BackendLog | undefined;

  private constructor({ directory, log, clock = systemClock }: LogPositionsOptions) {
    this.file = new PositionFile(join(directory, 'positions'));
    this.saver = new PositionSaver(this.file, this.positions, clock, log);
    this.log = log;
  }

  /** Reads what was saved. Never rejects: what cannot be read is not known, so that logs are read from their beginning. */
  static async open(options: LogPositionsOptions): Promise<LogPositions> {
    const positions = new LogPositions(options);
    await positions.load(options.directory);
    return positions;
  }

  get size(): number {
    return this.positions.size;
  }

  /** Saves that failed. */
  get failedSaves(): number {
    return this.saver.failures;
  }

  get(workload: meta.WorkloadReference): LogPlace | undefined {
    return this.positions.get(workloadKey(workload))?.place;
  }

  /** Everybody whose position is known, the one that was set the longest ago first. */
  *workloads(): IterableIterator<meta.WorkloadReference> {
    for (const { workload } of this.positions.values()) yield workload;
  }

  set(workload: meta.WorkloadReference, place: LogPlace): void {
    const key = workloadKey(workload);
    const position = { workload, place };
    this.positions.delete(key);
    this.positions.set(key, position);
    this.saver.changed(key, position);
    if (this.positions.size > maximumEntries) this.dropOldest();
  }

  delete(workload: meta.WorkloadReference): void {
    const key = workloadKey(workload);
    if (this.positions.delete(key)) this.saver.changed(key, { workload, place: undefined });
  }

  /** Whether a crash now would find what `get` answers. */
  isSaved(workload: meta.WorkloadReference): boolean {
    return this.saver.isSaved(workloadKey(workload));
  }

  /** Tells of every position that is in the file from now on; undefined for one that was deleted. One listener. */
  onSaved(listener: (workload: meta.WorkloadReference, place: LogPlace | undefined) => void): void {
    this.saver.onSaved = (entries) => {
      for (const { workload, place } of entries) listener(workload, place);
    };
  }

  /** Saves now what is not saved. Never rejects. */
  save(): Promise<void> {
    return this.saver.save();
  }

  /** Saves, once, and lets go of the file. Twice is harmless. */
  async close(): Promise<void> {
    await this.saver.close();
    await this.file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async load(directory: string): Promise<void> {
    try {
      const { entries, damagedLines } = await this.file.read();
      for (const entry of entries) this.restore(entry);
      if (damagedLines > 0) {
        this.log?.warn('Damaged lines in the positions of a log sink were ignored', { directory, damagedLines });
      }
    } catch (error) {
      this.saver.replaceFile();
      this.log?.error('The positions of a log sink cannot be read: logs are sent from their beginning', {
        directory,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  private restore({ workload, place }: JournalEntry): void {
    const key = workloadKey(workload);
    this.positions.delete(key);
    if (place) this.positions.set(key, { workload, place });
  }

  private dropOldest(): void {
    const [oldest] = this.positions.values();
    if (oldest) this.delete(oldest.workload);
  }
}
