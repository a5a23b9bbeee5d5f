import { constants } from 'node:fs';
import { type FileHandle, open, rm, rmdir } from 'node:fs/promises';
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
    return parseRunRecord(await readRegularFile(this.recordPath));
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
      file = await open(this.recordPath, readFlags);
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

  /** After `create` has failed: what is there may be somebody else's. */
  async removeIfEmpty(): Promise<void> {
    await rmdir(this.path).catch(() => undefined);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function readParsed<Value>(path: string, parse: (text: string) => Value): Promise<Value | undefined> {
  try {
    return parse(await readRegularFile(path));
  } catch {
    return undefined;
  }
}

/** A FIFO in the place of a file must not hold up whoever reads it. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function readRegularFile(path: string): Promise<string> {
  const file = await open(path, readFlags);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`"${path}" is not a regular file`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
