import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeBinding } from '../native-binding.js';
import { parseShimExit, parseShimState, type ShimExit, type ShimState } from '../shim/shim-state.js';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
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

  /** Makes the directory with its record; `SpawnFailure` where that fails. The descriptor holds the lock, until its shim has it too. */
  async create(record: RunRecord): Promise<number> {
    const file = await nativeBinding.createLockedFile(this.path, this.recordPath, formatRunRecord(record));
    if (file < 0) throw new SpawnFailure(SpawnStep.files, -file, this.recordPath);
    return file;
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
