import { readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../segments/error-code.js';
import {
  compressedSegmentName,
  type LogSegmentForm,
  logSegmentName,
  sealedSegmentName,
} from '../segments/log-segment.js';
import { compressSegment } from './compress-segment.js';

/** What a log directory holds. */
export interface LogListing {
  /** The last written one, which belongs to its writer. */
  readonly last: number | undefined;
  /** The others, the oldest first. */
  readonly complete: readonly { readonly firstSequence: number; readonly form: LogSegmentForm }[];
  /** Names of what a killed program has left of its compression: without it nothing is missing. */
  readonly surplus: readonly string[];
}

export interface FileSize {
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly modifiedMs: number;
}

const names: Readonly<Record<LogSegmentForm, (firstSequence: number) => string>> = {
  written: logSegmentName,
  sealed: sealedSegmentName,
  compressed: compressedSegmentName,
};
const segmentName = /^(\d{20})\.(log|sealed\.log|sealed\.log\.gz)$/;
const unfinishedSuffix = '.new';
const unfinishedName = /^\d{20}\.sealed\.log\.gz\.new$/;
const formOf: Readonly<Record<string, LogSegmentForm>> = {
  log: 'written',
  'sealed.log': 'sealed',
  'sealed.log.gz': 'compressed',
};
/** The more is done to a file, the later it comes: an earlier one of the same segment is as good, and surely whole. */
const formOrder: readonly LogSegmentForm[] = ['written', 'sealed', 'compressed'];

/** The files of one log. What is asked for of a file that is gone is not done, and no error. */
export class LogDirectory {
  constructor(readonly path: string) {}

  pathOf(firstSequence: number, form: LogSegmentForm): string {
    return join(this.path, names[form](firstSequence));
  }

  async list(): Promise<LogListing> {
    const forms = new Map<number, LogSegmentForm>();
    const entries = (await unlessGone(readdir(this.path, { withFileTypes: true }))) ?? [];
    // What is no file is none of the log, whatever its name.
    const all = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    let last: number | undefined;
    for (const name of all) {
      const found = parseName(name);
      if (!found) continue;
      const { firstSequence, form } = found;
      if (form === 'written') last = Math.max(last ?? 0, firstSequence);
      forms.set(firstSequence, earlier(form, forms.get(firstSequence)));
    }
    const complete = Array.from(forms, ([firstSequence, form]) => ({ firstSequence, form }))
      .filter(({ firstSequence, form }) => form !== 'written' || firstSequence !== last)
      .sort((one, other) => one.firstSequence - other.firstSequence);
    return { last, complete, surplus: all.filter((name) => isSurplus(name, forms)) };
  }

  /** Undefined when there is no such file. */
  async sizeOf(firstSequence: number, form: LogSegmentForm): Promise<FileSize | undefined> {
    const status = await unlessGone(stat(this.pathOf(firstSequence, form)));
    return status?.isFile() ? { bytes: status.size, modifiedMs: status.mtimeMs } : undefined;
  }

  /** When files last came or went, Unix milliseconds; undefined when the directory is absent. */
  async changedMs(): Promise<number | undefined> {
    return (await unlessGone(stat(this.path)))?.mtimeMs;
  }

  /** Takes a complete segment from its writer. */
  async seal(firstSequence: number): Promise<void> {
    await unlessGone(rename(this.pathOf(firstSequence, 'written'), this.pathOf(firstSequence, 'sealed')));
  }

  /**
   * Writes the compressed form beside the sealed one, under a name of its own. Rejects where there might not be room for
   * it: what fills the disk takes the room of those who write logs.
   */
  async compress(firstSequence: number, signal: AbortSignal): Promise<void> {
    const [size, disk] = await Promise.all([this.sizeOf(firstSequence, 'sealed'), statfs(this.path)]);
    if (disk.bavail * disk.bsize < (size?.bytes ?? 0)) throw diskFull(this.path);
    await compressSegment(this.pathOf(firstSequence, 'sealed'), this.unfinishedPath(firstSequence), signal);
  }

  /** Puts what was compressed into the place of the sealed form. Its size; undefined when the file is gone. */
  async finishCompression(firstSequence: number): Promise<number | undefined> {
    const path = this.pathOf(firstSequence, 'compressed');
    if ((await unlessGone(rename(this.unfinishedPath(firstSequence), path).then(() => true))) === undefined) return;
    await this.remove(firstSequence, 'sealed');
    return (await unlessGone(stat(path)))?.size;
  }

  async dropCompression(firstSequence: number): Promise<void> {
    await rm(this.unfinishedPath(firstSequence), { force: true });
  }

  async removeFile(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true });
  }

  /** Whether it was there. */
  async remove(firstSequence: number, form: LogSegmentForm): Promise<boolean> {
    return (await unlessGone(unlink(this.pathOf(firstSequence, form)).then(() => true))) ?? false;
  }

  private unfinishedPath(firstSequence: number): string {
    return this.pathOf(firstSequence, 'compressed') + unfinishedSuffix;
  }
}

function parseName(name: string): { readonly firstSequence: number; readonly form: LogSegmentForm } | undefined {
  const [, digits, suffix = ''] = segmentName.exec(name) ?? [];
  const form = formOf[suffix];
  const firstSequence = Number(digits);
  return form && firstSequence > 0 && Number.isSafeInteger(firstSequence) ? { firstSequence, form } : undefined;
}

function isSurplus(name: string, forms: ReadonlyMap<number, LogSegmentForm>): boolean {
  const found = parseName(name);
  if (!found) return unfinishedName.test(name);
  return found.form === 'compressed' && forms.get(found.firstSequence) !== 'compressed';
}

function diskFull(path: string): Error {
  return Object.assign(new Error(`the file system of "${path}" is almost full`), { code: 'ENOSPC' });
}

function earlier(form: LogSegmentForm, other: LogSegmentForm | undefined): LogSegmentForm {
  return other === undefined || formOrder.indexOf(form) < formOrder.indexOf(other) ? form : other;
}

async function unlessGone<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
