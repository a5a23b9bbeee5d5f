import type { BackendLog } from '@aurae/proto';
import { backoffMs } from '../backoff.js';
import type { Clock } from '../clock.js';
import type { JournalEntry } from './log-position-journal.js';
import type { PositionFile } from './position-file.js';

/** Lines of the file that say nothing any more, before it is rewritten, beyond as many as there are entries. */
const garbageLines = 1024;
/** How long an entry waits to be saved, for each thousand that are saved together. */
const saveAfterMs = 250;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;

/** Brings changes to a file a moment later, and again until that works. */
export class PositionSaver {
  /** Saves that failed. */
  failures = 0;
  /** Is told what is in the file, once it is. */
  onSaved: (entries: readonly JournalEntry[]) => void = () => {};
  private readonly unsaved = new Map<string, JournalEntry>();
  private inFlight: ReadonlySet<string> = new Set();
  private mustRewrite = false;
  private savedAtOnce = 0;
  private failuresInARow = 0;
  private isClosed = false;
  private readonly hurry = new AbortController();
  private saving: Promise<void> | undefined;
  /** One write after the other. */
  private turn: Promise<void> = Promise.resolve();

  /** @param all what there is at any time */
  constructor(
    private readonly file: PositionFile,
    private readonly all: ReadonlyMap<string, JournalEntry>,
    private readonly clock: Clock,
    private readonly log: BackendLog | undefined,
  ) {}

  /** @param key of the entry: the newest of a key is what counts */
  changed(key: string, entry: JournalEntry): void {
    this.unsaved.set(key, entry);
    if (!this.isClosed) this.saving ??= this.saveLater();
  }

  /** Whether the file has the newest of this key. */
  isSaved(key: string): boolean {
    return !this.mustRewrite && !this.unsaved.has(key) && !this.inFlight.has(key);
  }

  /** What the file has is of no use: the next save replaces it. */
  replaceFile(): void {
    this.mustRewrite = true;
  }

  /** Saves now what is not saved. Never rejects. */
  save(): Promise<void> {
    this.turn = this.turn.then(() => this.write());
    return this.turn;
  }

  /** Saves, once, and ends. Twice is harmless. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.hurry.abort();
    await this.saving;
    await this.save();
  }

  private async saveLater(): Promise<void> {
    while (!this.isClosed && (this.unsaved.size > 0 || this.mustRewrite)) {
      await this.clock.sleep(this.delayMs(), this.hurry.signal).catch(() => {});
      if (!this.isClosed) await this.save();
    }
    this.saving = undefined;
  }

  private delayMs(): number {
    if (this.failuresInARow > 0) return backoffMs(this.failuresInARow, firstRetryMs, longestRetryMs, Math.random());
    return saveAfterMs * Math.max(1, Math.ceil(this.savedAtOnce / 1000));
  }

  private async write(): Promise<void> {
    const changed = [...this.unsaved.values()];
    if (changed.length === 0 && !this.mustRewrite) return;
    this.inFlight = new Set(this.unsaved.keys());
    this.unsaved.clear();
    const isMostlyGarbage = this.file.lines + changed.length > 2 * this.all.size + garbageLines;
    const isRewrite = this.mustRewrite || isMostlyGarbage;
    const entries = isRewrite ? [...this.all.values()] : changed;
    try {
      await (isRewrite ? this.file.rewrite(entries) : this.file.append(entries));
      this.inFlight = new Set();
      this.succeeded(changed.length);
      // Those that are gone stand in no rewritten file.
      this.onSaved(isRewrite ? [...changed, ...entries] : entries);
    } catch (error) {
      this.inFlight = new Set();
      this.failed(error);
    }
  }

  private succeeded(entries: number): void {
    if (this.failuresInARow > 0) this.log?.info('The positions of a log sink are saved again');
    this.mustRewrite = false;
    this.savedAtOnce = entries;
    this.failuresInARow = 0;
  }

  private failed(error: unknown): void {
    // What was to be saved is in the file in part, and else in memory only.
    this.mustRewrite = true;
    this.failures += 1;
    this.failuresInARow += 1;
    if (this.failuresInARow > 1) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.log?.warn('The positions of a log sink cannot be saved: after a crash it gets lines again', { reason });
  }
}
