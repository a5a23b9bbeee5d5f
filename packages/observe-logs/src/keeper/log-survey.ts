import { readSegmentIndex } from '../segments/segment-index.js';
import type { SegmentSummary } from '../segments/segment-summary.js';
import type { FaultRegister } from './fault-register.js';
import type { LogDirectory, LogListing } from './log-directory.js';
import type { CompleteSegment, LastSegment, LogLedger } from './log-ledger.js';

type ListedSegment = LogListing['complete'][number];

const noSummaries: ReadonlyMap<number, SegmentSummary> = new Map();

/** Finds out what is there of a log, and takes what is complete from its writer. One at a time for a log. */
export class LogSurvey {
  private isFirst = true;
  private index = noSummaries;

  constructor(
    private readonly directory: LogDirectory,
    private readonly faults: FaultRegister,
    private readonly now: () => number,
  ) {}

  /**
   * Brings the ledger up to date, but for its sums. Rejects where the directory cannot be read.
   * @param leaving segments that are there only until their removal comes to its turn
   * @returns whether all that was to be done could be done
   */
  async run(ledger: LogLedger, leaving: ReadonlySet<number>): Promise<boolean> {
    const listing = await this.directory.list();
    if (this.isFirst) await this.begin(listing);
    const known = new Map(ledger.segments.map((segment) => [segment.firstSequence, segment]));
    const segments: CompleteSegment[] = [];
    for (const listed of listing.complete) {
      const segment = await this.segmentOf(listed, known.get(listed.firstSequence));
      if (segment) segments.push(segment);
    }
    const last = await this.lastOf(listing.last);
    const staying = segments.filter(({ firstSequence }) => !leaving.has(firstSequence));
    ledger.replace(staying, last);
    this.isFirst = false;
    this.index = noSummaries;
    return segments.every(({ form }) => form !== 'written');
  }

  private async begin({ complete, surplus }: LogListing): Promise<void> {
    if (complete.length > 0) this.index = await readSegmentIndex(this.directory.path);
    await this.attempt('remove', async () => {
      for (const name of surplus) await this.directory.removeFile(name);
    });
  }

  private async lastOf(firstSequence: number | undefined): Promise<LastSegment | undefined> {
    const size = firstSequence === undefined ? undefined : await this.directory.sizeOf(firstSequence, 'written');
    return size && { firstSequence: firstSequence as number, bytes: size.bytes };
  }

  /** Undefined when it is gone. */
  private async segmentOf(
    listed: ListedSegment,
    known: CompleteSegment | undefined,
  ): Promise<CompleteSegment | undefined> {
    const isWritten = listed.form === 'written';
    if (known && !isWritten && known.form === listed.form) return known;
    const segment = await this.measure(listed);
    if (!segment) return undefined;
    if (isWritten && (await this.seal(segment))) segment.form = 'sealed';
    return segment;
  }

  private async measure({ firstSequence, form }: ListedSegment): Promise<CompleteSegment | undefined> {
    const size = await this.directory.sizeOf(firstSequence, form);
    if (!size) return undefined;
    const summary = this.index.get(firstSequence);
    // Nothing was written later than now.
    const newestMs = Math.min(this.now(), newestOf(summary) ?? size.modifiedMs);
    const uncompressedBytes = form === 'compressed' ? (summary?.bytes ?? size.bytes) : size.bytes;
    const isIndexed = summary !== undefined;
    return {
      firstSequence,
      form,
      bytes: size.bytes,
      uncompressedBytes,
      newestMs,
      isIndexed,
      isQueued: false,
      isGone: false,
    };
  }

  private seal({ firstSequence }: CompleteSegment): Promise<boolean> {
    return this.attempt('seal', () => this.directory.seal(firstSequence));
  }

  private async attempt(kind: 'seal' | 'remove', work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.faults.over(kind, this.directory.path);
      return true;
    } catch (error) {
      this.faults.occurred(kind, this.directory.path, (error as Error).message);
      return false;
    }
  }
}

/** Undefined when it has no record with a time. */
export function newestOf(summary: SegmentSummary | undefined): number | undefined {
  return summary && Number.isFinite(summary.maximumMs) ? summary.maximumMs : undefined;
}
