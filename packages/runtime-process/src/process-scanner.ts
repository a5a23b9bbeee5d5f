import { readdir } from 'node:fs/promises';
import { type ProcessEntry, readProcessEntry } from './process-entry.js';

/**
 * Reads /proc for everyone who asks. A scan that has begun may have missed a process that was forked since, so
 * whoever asks gets one that begins afterwards; all who ask meanwhile share it.
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

async function readAll(): Promise<readonly ProcessEntry[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter(Number.isInteger);
  const entries = await Promise.all(pids.map(readProcessEntry));
  return entries.filter((entry) => entry !== undefined);
}
