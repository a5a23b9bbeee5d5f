import { rename, rm } from 'node:fs/promises';
import { compressFile } from './compress-file.js';
import { listRotatedFiles, type RotatedFile, rotatedPath } from './rotated-file.js';

export interface RotatedFilesOptions {
  /** How many stay. */
  readonly keepFiles: number;
  /** Whether they are replaced by gzip files. */
  readonly compress: boolean;
}

/**
 * The files that a log file has been before. Compressing and removing goes on behind the writer's back, one file after
 * the other; what fails is counted, and tried again with the next rotation.
 */
export class RotatedFiles {
  private readonly ending = new AbortController();
  private tidying: Promise<void> | undefined;
  private isUntidy = false;
  private failureCount = 0;

  constructor(
    private readonly path: string,
    private readonly options: RotatedFilesOptions,
  ) {}

  /** Compressions and removals that failed. */
  get failures(): number {
    return this.failureCount;
  }

  /** Renames the log file; nothing is at its path afterwards. Throws what rename(2) does. */
  async add(): Promise<void> {
    const newest = (await listRotatedFiles(this.path)).at(-1)?.number ?? 0;
    await rename(this.path, rotatedPath(this.path, newest + 1));
    this.tidy();
  }

  /** Removes and compresses what is due, in the background. */
  tidy(): void {
    this.isUntidy = true;
    this.tidying ??= this.tidyUp().finally(() => {
      this.tidying = undefined;
    });
  }

  /** Resolves when nothing is being removed or compressed. */
  async idle(): Promise<void> {
    await this.tidying;
  }

  /** Ends what is under way; the next sink of this file goes on with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort();
    await this.tidying;
  }

  private async tidyUp(): Promise<void> {
    while (this.isUntidy && !this.ending.signal.aborted) {
      this.isUntidy = false;
      try {
        const plain = await this.removeSurplus();
        const oldest = this.options.compress ? plain[0] : undefined;
        if (!oldest) continue;
        await compressFile(oldest.path, this.ending.signal);
        // Others may have come, or gone beyond the number, meanwhile.
        this.isUntidy = true;
      } catch {
        if (!this.ending.signal.aborted) this.failureCount += 1;
      }
    }
  }

  /** Removes the oldest, and what an ended process left half done. Returns what is not compressed. */
  private async removeSurplus(): Promise<RotatedFile[]> {
    const files = await listRotatedFiles(this.path);
    const whole = files.filter(({ form }) => form !== 'partial');
    const numbers = [...new Set(whole.map(({ number }) => number))];
    const surplus = new Set(numbers.slice(0, Math.max(0, numbers.length - this.options.keepFiles)));
    const compressed = new Set(whole.filter(({ form }) => form === 'gzip').map(({ number }) => number));
    const isDue = ({ form, number }: RotatedFile) =>
      form === 'partial' || surplus.has(number) || (form === 'plain' && compressed.has(number));
    for (const file of files.filter(isDue)) await rm(file.path, { force: true });
    return whole.filter((file) => file.form === 'plain' && !isDue(file));
  }
}
