import type { KeptLog, meta } from '@aurae/proto';
import { appendToSegmentIndex, readSegmentIndex, rewriteSegmentIndex } from '../segments/segment-index.js';
import { summarizeSegment } from '../segments/segment-summary.js';
import { errorCode } from '../segments/error-code.js';
import type { FaultKind, FaultRegister } from './fault-register.js';
import { LogDirectory } from './log-directory.js';
import { workloadKey } from '../workload-key.js';
import { type CompleteSegment, LogLedger } from './log-ledger.js';
import { LogSurvey, newestOf } from './log-survey.js';
import type { Lookable } from './look-queue.js';

/** What a log needs of its keeper. */
export interface KeptLogHost {
  readonly faults: FaultRegister;
  now(): number;
  /** It wants to be looked at. */
  wants(log: KeptWorkloadLog, isUrgent: boolean): void;
  /** Its ledger has changed. */
  changed(log: KeptWorkloadLog): void;
  /** It is kept no more. */
  released(log: KeptWorkloadLog): void;
}

const none: ReadonlySet<number> = new Set();

/** Entries of the index whose segments are gone, before it is written anew. */
const maximumStaleEntries = 64;

/** One log and what is done to its files: one thing at a time, but for what only reads, or writes a file of its own. */
export class KeptWorkloadLog implements KeptLog, Lookable {
  readonly ledger: LogLedger;
  /** Whether it was looked at, so that its ledger tells what there is. */
  isKnown = false;
  /** Something did not work, and is to be tried again. */
  needsLook = false;
  /** When its directory had changed last before it was looked at, Unix milliseconds. */
  seenMs: number | undefined;
  readonly directory: LogDirectory;
  private readonly survey: LogSurvey;
  private hasEnded = false;
  /** What goes on; made when it is needed, since there may be thousands of logs. */
  private tasks: Set<Promise<unknown>> | undefined;
  private compressing: AbortController | undefined;
  /** Segments that are no longer in the ledger, and whose files are about to go. */
  private leaving: Set<number> | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private staleEntries = 0;

  constructor(
    readonly workload: meta.WorkloadReference,
    path: string,
    private readonly host: KeptLogHost,
  ) {
    this.ledger = new LogLedger(workloadKey(workload));
    this.directory = new LogDirectory(path);
    this.survey = new LogSurvey(this.directory, host.faults, () => host.now());
  }

  get bytes(): number {
    return this.ledger.bytes;
  }

  get isReleased(): boolean {
    return this.hasEnded;
  }

  rotated(): void {
    if (!this.isReleased) this.host.wants(this, true);
  }

  async release(): Promise<void> {
    if (!this.isReleased) {
      this.hasEnded = true;
      this.compressing?.abort();
      this.host.released(this);
    }
    while (this.tasks && this.tasks.size > 0) await Promise.allSettled(this.tasks);
  }

  /** Finds out what there is, and tells the keeper. */
  async look(): Promise<void> {
    await this.inTurn('read', async () => {
      this.seenMs = await this.directory.changedMs();
      this.needsLook = true;
      this.needsLook = !(await this.survey.run(this.ledger, this.leaving ?? none));
    });
    if (this.isReleased) return;
    this.isKnown = true;
    this.host.changed(this);
  }

  /** Learns how far the last segment has grown. */
  async measureLast(): Promise<void> {
    const { last } = this.ledger;
    if (!last || this.isReleased) return;
    const size = await this.directory.sizeOf(last.firstSequence, 'written').catch(() => undefined);
    if (this.isReleased || this.ledger.last !== last || size?.bytes === last.bytes) return;
    if (!size) return this.host.wants(this, false);
    this.ledger.last = { firstSequence: last.firstSequence, bytes: size.bytes };
    this.host.changed(this);
  }

  /** Removes files of segments that are out of the ledger. The bytes that this has freed. */
  async remove(segments: readonly CompleteSegment[], onRemoved: (bytes: number) => void): Promise<void> {
    for (const segment of segments) this.leave(segment);
    await this.inTurn('remove', async () => {
      try {
        for (const { firstSequence, form, bytes } of segments) {
          if (await this.directory.remove(firstSequence, form)) onRemoved(bytes);
        }
      } catch (error) {
        this.needsLook = true;
        throw error;
      } finally {
        for (const { firstSequence } of segments) this.leaving?.delete(firstSequence);
      }
      await this.tidyIndex(segments.length);
    });
  }

  /** Adds what is in a segment to the index. */
  async index(segment: CompleteSegment): Promise<void> {
    const { firstSequence } = segment;
    await this.task('index', async () => {
      if (!this.tends(segment)) return;
      const { form } = segment;
      const summary = await summarizeSegment({ path: this.directory.pathOf(firstSequence, form), firstSequence, form });
      await this.afterOthers(async () => {
        if (!this.tends(segment)) return;
        await appendToSegmentIndex(this.directory.path, [summary]);
        segment.isIndexed = true;
        segment.newestMs = Math.min(segment.newestMs, newestOf(summary) ?? Infinity);
        segment.uncompressedBytes = summary.bytes;
      });
    });
    if (segment.isIndexed && !this.isReleased) this.host.changed(this);
    else this.needsLook = true;
  }

  /** Replaces a sealed segment by its compressed form. Rejects where the disk is full. */
  async compress(segment: CompleteSegment): Promise<void> {
    let isFull = false;
    await this.task('compress', async () => {
      try {
        if (this.tends(segment)) await this.compressSealed(segment);
      } catch (error) {
        isFull = isDiskFull(error);
        throw error;
      }
    });
    if (isFull) throw new Error(`There is no room to compress in "${this.directory.path}"`);
    if (segment.form === 'compressed' && !this.isReleased) this.host.changed(this);
  }

  private leave(segment: CompleteSegment): void {
    segment.isGone = true;
    this.leaving ??= new Set();
    this.leaving.add(segment.firstSequence);
  }

  private async compressSealed(segment: CompleteSegment): Promise<void> {
    const { firstSequence } = segment;
    this.compressing = new AbortController();
    await this.directory.compress(firstSequence, this.compressing.signal);
    this.compressing = undefined;
    await this.afterOthers(async () => {
      if (!this.tends(segment)) return this.directory.dropCompression(firstSequence);
      const bytes = await this.directory.finishCompression(firstSequence);
      if (bytes === undefined) return;
      segment.form = 'compressed';
      segment.bytes = bytes;
    });
  }

  /** Whether anything is still to be done about a segment. */
  private tends(segment: CompleteSegment): boolean {
    return !this.isReleased && !segment.isGone;
  }

  private async tidyIndex(goneSegments: number): Promise<void> {
    this.staleEntries += goneSegments;
    if (this.staleEntries < Math.max(maximumStaleEntries, this.ledger.segments.length)) return;
    const summaries = await readSegmentIndex(this.directory.path);
    const kept = this.ledger.segments.flatMap(({ firstSequence }) => summaries.get(firstSequence) ?? []);
    await rewriteSegmentIndex(this.directory.path, kept);
    this.staleEntries = 0;
  }

  private async inTurn(kind: FaultKind, work: () => Promise<void>): Promise<void> {
    await this.task(kind, () => this.afterOthers(work));
  }

  /** Does it once everything is done that came before. */
  private afterOthers(work: () => Promise<void>): Promise<void> {
    const result = this.turn.then(() => (this.isReleased ? undefined : work()));
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** Does it, unless the log was let go of, and takes note of what went wrong. Does not reject. */
  private async task(kind: FaultKind, work: () => Promise<void>): Promise<void> {
    if (this.isReleased) return;
    const { faults } = this.host;
    const { path } = this.directory;
    const task = work().then(
      () => faults.over(kind, path),
      (error: unknown) => this.failed(kind, error),
    );
    this.tasks ??= new Set();
    this.tasks.add(task);
    await task.finally(() => this.tasks?.delete(task));
  }

  private failed(kind: FaultKind, error: unknown): void {
    if (this.isReleased) return;
    // Somebody has removed the log, or a part of it.
    if (errorCode(error) === 'ENOENT') this.host.wants(this, false);
    else this.host.faults.occurred(kind, this.directory.path, (error as Error).message);
  }
}

function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}
