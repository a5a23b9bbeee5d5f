import type { LogEntry } from './log-entry.js';

/** The last lines of a log, with what is lost between them. */
export class LastEntries {
  /** How many lines were let go of because they were too many bytes, though not too many. */
  tooLarge = 0;
  private entries: LogEntry[] = [];
  private start = 0;
  private lines = 0;
  private length = 0;

  /**
   * @param maximumLines from 1 up
   * @param maximumLength of them all together, UTF-16 units, about
   */
  constructor(
    private readonly maximumLines: number,
    private readonly maximumLength: number,
  ) {}

  /** Lines that are held. Those that begin before are none. */
  get count(): number {
    return this.lines;
  }

  add(entry: LogEntry): void {
    this.entries.push(entry);
    this.length += lengthOf(entry);
    if (begins(entry)) this.lines += 1;
    while (this.lines > this.maximumLines) this.letGo();
    while (this.length > this.maximumLength && this.lines > 1) {
      this.letGo();
      this.tooLarge += 1;
    }
  }

  take(): LogEntry[] {
    const taken = this.entries.slice(this.start);
    this.entries = [];
    this.start = this.lines = this.length = 0;
    return taken;
  }

  /** The oldest line, what was lost before it, and all of its parts. */
  private letGo(): void {
    let isGone = false;
    for (; this.start < this.entries.length; this.start++) {
      const entry = this.entries[this.start] as LogEntry;
      if (begins(entry) && isGone) break;
      isGone ||= begins(entry);
      this.length -= lengthOf(entry);
    }
    this.lines -= 1;
    this.compact();
  }

  private compact(): void {
    if (this.start < 1024 || this.start * 2 < this.entries.length) return;
    this.entries = this.entries.slice(this.start);
    this.start = 0;
  }
}

function begins(entry: LogEntry): boolean {
  return entry.kind === 'line' && entry.begins;
}

function lengthOf(entry: LogEntry): number {
  const items = entry.kind === 'line' ? entry.items : [entry.item];
  return items.reduce((sum, { line, lineBytes }) => sum + line.length + lineBytes.length, 0);
}
