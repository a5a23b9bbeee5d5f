import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { listLogSegments, logSegmentName } from './log-segment.js';
import { nextLogSequence } from './next-log-sequence.js';
import { WritableSegment } from './writable-segment.js';

export interface RotatingSegmentsOptions {
  readonly directory: string;
  /** When a segment is full. */
  readonly segmentBytes: number;
  /** How many are kept of those that nobody has sealed. */
  readonly segments: number;
  readonly minimumNextSequence: number;
}

/** The segments of a log on their way: the one that is written to, and those before it that are its writer's. */
export class RotatingSegments {
  /** Number of the next record. */
  position: number;
  /** Records that could not be written. */
  lost = 0;
  /** Why the last of them could not; undefined once one was written again. */
  failure: Error | undefined;
  private current: WritableSegment | undefined;
  private hasGap: boolean;

  private constructor(
    private readonly options: RotatingSegmentsOptions,
    private readonly firsts: number[],
    nextSequence: number,
    current: WritableSegment | undefined,
  ) {
    this.position = Math.max(nextSequence, options.minimumNextSequence);
    this.hasGap = this.position > nextSequence;
    this.current = current;
  }

  /** Goes on after what is there. @throws the error of the system */
  static async open(options: RotatingSegmentsOptions): Promise<RotatingSegments> {
    const listed = await listLogSegments(options.directory);
    const own = listed.filter(({ form }) => form === 'written').map(({ firstSequence }) => firstSequence);
    const last = listed.at(-1);
    if (last?.form !== 'written') {
      return new RotatingSegments(options, own, Number(await nextLogSequence(options.directory)), undefined);
    }
    const { segment, nextSequence } = await WritableSegment.resume(last);
    if (options.minimumNextSequence <= nextSequence) return new RotatingSegments(options, own, nextSequence, segment);
    await segment.close();
    return new RotatingSegments(options, own, nextSequence, undefined);
  }

  /** Returns how many of the records were lost. Never fails. */
  async write(records: readonly Buffer[]): Promise<number> {
    const before = this.lost;
    for (let start = 0; start < records.length; ) {
      if (await this.isToBegin(records[start]?.length ?? 0)) await this.begin();
      const end = this.endOfPart(records, start);
      await this.writePart(records.slice(start, end));
      start = end;
    }
    return this.lost - before;
  }

  /** A gap at the end of the log gets a segment behind it that shows it. */
  async close(): Promise<void> {
    if (this.hasGap && !this.current) await this.begin();
    await this.leave();
  }

  private async isToBegin(length: number): Promise<boolean> {
    const { current } = this;
    if (!current) return true;
    const isFull = current.sizeBytes > 0 && current.sizeBytes + length > this.options.segmentBytes;
    return isFull || current.isRemoved();
  }

  private async begin(): Promise<void> {
    await this.leave();
    const { directory } = this.options;
    try {
      this.current = await WritableSegment.begin(directory, this.position);
      this.firsts.push(this.position);
    } catch (error) {
      this.failure = error as Error;
    }
  }

  /** How many records go into the segment at once. */
  private endOfPart(records: readonly Buffer[], start: number): number {
    const room = this.options.segmentBytes - (this.current?.sizeBytes ?? 0);
    let bytes = records[start]?.length ?? 0;
    let end = start + 1;
    for (let record = records[end]; record && bytes + record.length <= room; record = records[++end]) {
      bytes += record.length;
    }
    return end;
  }

  private async writePart(records: readonly Buffer[]): Promise<void> {
    this.position += records.length;
    const result = await this.current?.write(records);
    const lost = records.length - (result?.written ?? 0);
    this.lost += lost;
    this.failure = result ? result.failure : this.failure;
    this.hasGap = lost > 0;
    // What comes next gets a segment with a name of its own, which shows the gap.
    if (this.hasGap) await this.leaveBehind();
    await this.removeSurplus();
  }

  private async leaveBehind(): Promise<void> {
    // It was removed again.
    if (this.current?.sizeBytes === 0) this.firsts.pop();
    await this.leave();
  }

  private async leave(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.close().catch(() => undefined);
  }

  private async removeSurplus(): Promise<void> {
    while (this.firsts.length > this.options.segments) {
      const path = join(this.options.directory, logSegmentName(this.firsts.shift() ?? 0));
      await unlink(path).catch(() => undefined);
    }
  }
}
