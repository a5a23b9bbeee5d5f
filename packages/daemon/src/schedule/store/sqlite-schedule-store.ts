import { type BackendLog, ShuttingDownError } from '@aurae/proto';
import type { ScheduleClock } from '../schedule-clock.js';
import type { WorkloadKey } from '../workload-key.js';
import { DecisionWriter } from './decision-writer.js';
import { keptHistory } from './note-statements.js';
import { PendingNotes } from './pending-notes.js';
import type {
  HistoryItem,
  LoadedEntry,
  NumberedHistoryItem,
  ScheduleProgress,
  ScheduleStore,
  StoreChange,
} from './schedule-store.js';
import type { SqliteReader, SqliteWriter } from './sqlite-connection.js';
import { StoreBackup } from './store-backup.js';
import { StoreWitness } from './store-witness.js';
import { readEntries, readHistory, type StoreHeader } from './store-contents.js';
import type { StoreFiles } from './store-files.js';

/** An orderly end waits for the disk; not for ever. */
const closeTimeoutMs = 10_000;

export interface OpenedStore {
  readonly files: StoreFiles;
  readonly header: StoreHeader;
  /** As `ScheduleStore.notice`. */
  readonly notice: string;
  readonly writer: SqliteWriter;
  readonly reader: SqliteReader;
}

export class SqliteScheduleStore implements ScheduleStore {
  private highestRevision: number;
  private readonly notes: PendingNotes;
  private readonly witness: StoreWitness;
  private readonly decisions: DecisionWriter;
  private readonly backup: StoreBackup;
  private closing: Promise<void> | undefined;

  /** Takes what was opened, and closes it in the end. */
  constructor(
    private readonly opened: OpenedStore,
    private readonly log: BackendLog,
    clock: ScheduleClock,
  ) {
    const { header, files, writer } = opened;
    this.highestRevision = header.lastRevision;
    this.notes = new PendingNotes(header.lastSequence);
    this.witness = new StoreWitness(files);
    this.backup = new StoreBackup(files, this.witness, clock, log);
    const onDecided = (changes: readonly StoreChange[]) => this.decided(changes);
    this.decisions = new DecisionWriter(writer, this.notes, clock, log, files.main, this.witness, onDecided);
    this.backup.changed();
  }

  get id(): string {
    return this.opened.header.id;
  }

  get notice(): string {
    const { fault } = this.witness;
    return fault === '' ? this.opened.notice : `Nothing can be decided about the schedule: ${fault}`;
  }

  get lastRevision(): number {
    return this.highestRevision;
  }

  async load(): Promise<LoadedEntry[]> {
    this.refuseWhenClosed();
    await this.decisions.flush();
    return readEntries(this.opened.reader);
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    return this.decisions.decide(changes);
  }

  keepProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    this.decisions.noteProgress(key, progress);
  }

  keepHistory(item: HistoryItem): void {
    this.decisions.noteHistory(item);
  }

  async history(key: WorkloadKey): Promise<NumberedHistoryItem[]> {
    this.refuseWhenClosed();
    // Taken first: what is written meanwhile is then in both, and not in neither.
    const pending = this.notes.itemsOf(key);
    const written = await readHistory(this.opened.reader, key);
    const last = written.at(-1)?.sequence ?? 0;
    return [...written, ...pending.filter(({ sequence }) => sequence > last)].slice(-keptHistory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.closing ??= this.close();
    return this.closing;
  }

  private decided(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      if (change.kind === 'put') this.highestRevision = Math.max(this.highestRevision, change.entry.revision);
    }
    this.backup.changed();
  }

  private refuseWhenClosed(): void {
    if (this.closing) throw new ShuttingDownError('The store of the schedule is closed');
  }

  private async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      const message = `The store of the schedule did not close within ${closeTimeoutMs} ms`;
      timer = setTimeout(() => reject(new Error(message)), closeTimeoutMs);
    });
    try {
      await Promise.race([this.writeAndClose(), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async writeAndClose(): Promise<void> {
    const { writer, reader } = this.opened;
    await this.decisions.close();
    await this.backup.close();
    reader[Symbol.dispose]();
    // What fails here is made good by the next opening.
    await writer.execute('PRAGMA wal_checkpoint(TRUNCATE)').catch((error: unknown) => {
      this.log.warn('Cannot write the log of the schedule into its store: the next start does', { error });
    });
    await writer[Symbol.asyncDispose]();
  }
}
