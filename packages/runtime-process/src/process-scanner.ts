import { readdir } from 'node:fs/promises';
import { type ProcessEntry, readProcessEntry } from './process-entry.js';

/**
 * Reads /proc for everyone who asks. A scan that has begun may have missed a process that was forked since, so
 * whoever asks gets one that begins afterwards; all who ask meanwhile share it. It rejects rather than miss a process.
 */
export class ProcessScanner {
  private current: Promise<unknown> = Promise.resolve();
  private queued: Promise<readonly ProcessEntry[]> | undefined;

  scan(): Promise<readonly ProcessEntry[]> {
    this.queued ??= this.scanAfterCurrent();
    return this.queued;
  }

  private async scanAfterCurrent(): Promise<readonly ProcessEntry[]> {
    await this.current;
    this.queued = undefined;
    const scan = readAll();
    this.current = scan.catch(() => undefined);
    return scan;
  }
}

/** How many descriptors a scan takes at most. */
const readerCount = 16;

async function readAll(): Promise<readonly ProcessEntry[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter(Number.isInteger).values();
  const entries: ProcessEntry[] = [];
  let failed = false;
  const read = async () => {
    for (const pid of pids) {
      if (failed) return;
      const entry = await readProcessEntry(pid);
      if (entry) entries.push(entry);
    }
  };
  const readers = Array.from({ length: readerCount }, () =>
    read().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  await Promise.all(readers);
  return entries;
}
