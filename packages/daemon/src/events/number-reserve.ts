import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFileDurably } from '../lifecycle/durable-file.js';

/** So many numbers are set aside at a time: one wait for the disk for all of them. */
const blockSize = 1024;

/**
 * Sees to it that a number is not given twice. After `kill -9` the files tell the last one. After a power cut they may
 * have lost the end, which somebody may have seen: then numbering goes on behind what was set aside.
 */
export class NumberReserve {
  private constructor(
    private readonly path: string,
    private readonly bootId: string,
    /** The least number that is sure not to have been given, beyond what the files tell. */
    readonly first: number,
    /** The same where there are no files. */
    readonly firstOfEmpty: number,
    private ceiling: number,
  ) {}

  static async open(path: string): Promise<NumberReserve> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const kept = parse(await readFile(path, 'utf8').catch(() => ''));
    // The same boot: the files are as they were written.
    const first = kept === undefined || kept.bootId === bootId ? 1 : kept.ceiling;
    return new NumberReserve(path, bootId, first, kept?.ceiling ?? 1, kept?.bootId === bootId ? kept.ceiling : 0);
  }

  /** Before numbers up to this one, exclusive, are given. */
  async reach(next: number): Promise<void> {
    if (next <= this.ceiling) return;
    await this.keep(next + blockSize);
  }

  /** At the end: nothing beyond was given. Where that cannot be kept, numbers are left out, and that is all. */
  async settle(next: number): Promise<void> {
    await this.keep(next).catch(() => undefined);
  }

  private async keep(ceiling: number): Promise<void> {
    await replaceFileDurably({ path: this.path, data: `${this.bootId} ${ceiling}\n`, mode: 0o600 });
    this.ceiling = ceiling;
  }
}

function parse(text: string): { readonly bootId: string; readonly ceiling: number } | undefined {
  const [bootId = '', number] = text.trim().split(' ');
  const ceiling = Number(number);
  return Number.isSafeInteger(ceiling) && ceiling > 0 ? { bootId, ceiling } : undefined;
}
