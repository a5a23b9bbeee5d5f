import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BackendLog } from '@aurae/proto';
import type { ScheduleClock } from '../schedule-clock.js';
import { FaultLog } from './fault-log.js';
import { SqliteWriter } from './sqlite-connection.js';
import { sqlText } from './sql-literals.js';
import type { StoreWitness } from './store-witness.js';
import { fileMode, removeLeftovers, type StoreFiles, syncToDisk } from './store-files.js';

const shortestIntervalMs = 60_000;

/** Keeps a copy beside the store, at most a minute older. Never fails. */
export class StoreBackup {
  private isDue = false;
  private isClosed = false;
  private lastStart = Number.NEGATIVE_INFINITY;
  private cancelPlanned: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private readonly faults: FaultLog;

  constructor(
    private readonly files: StoreFiles,
    private readonly witness: StoreWitness,
    private readonly clock: ScheduleClock,
    log: BackendLog,
  ) {
    this.faults = new FaultLog(
      log,
      `Cannot write the backup "${files.backup}" of the schedule: it is tried again`,
      `The backup "${files.backup}" of the schedule is written again`,
    );
  }

  /** The store has changed. */
  changed(): void {
    this.isDue = true;
    this.plan();
  }

  /** Ends with a backup that is up to date. The store is still open. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.cancelPlanned?.();
    await this.running;
    if (this.isDue) await this.write();
  }

  private plan(): void {
    if (this.isClosed || this.cancelPlanned || this.running) return;
    const wait = Math.max(0, this.lastStart + shortestIntervalMs - this.clock.monotonic());
    this.cancelPlanned = this.clock.after(wait, () => {
      this.cancelPlanned = undefined;
      this.running = this.write().finally(() => {
        this.running = undefined;
        if (this.isDue) this.plan();
      });
    });
  }

  private async write(): Promise<void> {
    this.isDue = false;
    this.lastStart = this.clock.monotonic();
    try {
      this.witness.check();
      await writeBackup(this.files);
      this.faults.worked();
    } catch (error) {
      this.isDue = true;
      this.faults.failed(error);
      await removeLeftovers(this.files).catch(() => undefined);
    }
  }
}

async function writeBackup(files: StoreFiles): Promise<void> {
  const { main, backup, newBackup } = files;
  await removeLeftovers(files);
  // SQLite fills an empty file, and would make one that others may read.
  await (await open(newBackup, 'wx', fileMode)).close();
  // A connection of its own, so that decisions need not wait.
  const copier = await SqliteWriter.open(main);
  try {
    await copier.execute(`VACUUM INTO ${sqlText(newBackup)}`);
  } finally {
    await copier[Symbol.asyncDispose]();
  }
  await syncToDisk(newBackup);
  await rename(newBackup, backup);
  await syncToDisk(dirname(backup));
}
