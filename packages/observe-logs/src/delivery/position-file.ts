import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../segments/error-code.js';
import { type JournalEntry, journalLine, parseJournalLine } from './log-position-journal.js';

/** Lines that are made and written at once, so that nobody waits long meanwhile. */
const linesAtOnce = 1000;
/** Far beyond what this writes; a larger file is somebody else's. */
const maximumFileBytes = 256 * 1024 * 1024;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

export interface ReadPositions {
  readonly entries: readonly JournalEntry[];
  readonly damagedLines: number;
}

/** A journal of positions on disk. Each method but `close` rejects with the error of the system. Not to be called at once. */
export class PositionFile {
  /** Lines that the file has. */
  lines = 0;
  private handle: FileHandle | undefined;
  /** What a killed process has left unfinished at the end must not become a part of the next line. */
  private isTorn = false;

  constructor(private readonly path: string) {}

  /** What is there; nothing when there is no file. */
  async read(): Promise<ReadPositions> {
    const lines = (await this.readText()).split('\n');
    this.isTorn = lines.pop() !== '';
    this.lines = lines.length;
    const entries = lines.filter((line) => line !== '').map(parseJournalLine);
    const whole = entries.filter((entry) => entry !== undefined);
    return { entries: whole, damagedLines: entries.length - whole.length + (this.isTorn ? 1 : 0) };
  }

  /** Adds entries. After an error some of them are there, and the file is to be rewritten. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    this.handle ??= await this.open(this.path, O_APPEND);
    if (this.isTorn) await this.handle.appendFile('\n');
    this.isTorn = false;
    await writeEntries(this.handle, entries);
    this.lines += entries.length;
  }

  /** Replaces the file by one of these entries, at once. After an error the old one is as it was. */
  async rewrite(entries: readonly JournalEntry[]): Promise<void> {
    const path = `${this.path}.new`;
    const handle = await this.open(path, O_APPEND | O_TRUNC);
    try {
      await writeEntries(handle, entries);
      // Else a power cut may leave the new name with nothing in it.
      await handle.datasync();
      await rename(path, this.path);
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
    await this.close();
    this.handle = handle;
    this.lines = entries.length;
    this.isTorn = false;
  }

  /** Twice is harmless. */
  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => {});
  }

  private async readText(): Promise<string> {
    try {
      const handle = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK | O_NOFOLLOW);
      try {
        const { size } = await handle.stat();
        if (size > maximumFileBytes) throw new Error(`it has ${size} bytes`);
        return await handle.readFile('utf8');
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }
  }

  private async open(path: string, flags: number): Promise<FileHandle> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flags, 0o600);
  }
}

async function writeEntries(handle: FileHandle, entries: readonly JournalEntry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += linesAtOnce) {
    await handle.appendFile(
      entries
        .slice(start, start + linesAtOnce)
        .map(journalLine)
        .join(''),
    );
  }
}
