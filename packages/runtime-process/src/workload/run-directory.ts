import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from '../native-binding.js';
import { parseShimExit, parseShimState, type ShimExit, type ShimState } from '../shim/shim-state.js';
import { formatRunRecord, parseRunRecord, type RunRecord } from './run-record.js';

/** The files of one run. Its shim holds the lock on the record for as long as it lives. */
export class RunDirectory {
  private readonly recordPath: string;

  constructor(
    readonly path: string,
    /** Of the workload, from 1 up. */
    readonly number: number,
  ) {
    this.recordPath = join(path, 'record.json');
  }

  /** Makes the directory with its record. The result holds the lock, until its shim has it too. */
  async create(record: RunRecord): Promise<FileHandle> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const file = await open(this.recordPath, 'wx', 0o600);
    try {
      const errno = nativeBinding.tryLock(file.fd);
      if (errno !== 0) throw new Error(`cannot lock "${this.recordPath}": ${getSystemErrorName(-errno)}`);
      await file.writeFile(formatRunRecord(record));
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async readRecord(): Promise<RunRecord> {
    return parseRunRecord(await readFile(this.recordPath, 'utf8'));
  }

  /** Undefined when there is none, or none that can be read. */
  async readState(): Promise<ShimState | undefined> {
    return readParsed(join(this.path, 'state'), parseShimState);
  }

  /** Undefined when there is none, or none that can be read. */
  async readExit(): Promise<ShimExit | undefined> {
    return readParsed(join(this.path, 'exit'), parseShimExit);
  }

  /** Whether a shim, or a start that is going on, holds the lock. Undefined when the record is gone. */
  async isLocked(): Promise<boolean | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.recordPath, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return nativeBinding.tryLock(file.fd) !== 0;
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function readParsed<Value>(path: string, parse: (text: string) => Value): Promise<Value | undefined> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
