import { LogHolds } from './log-holder.js';
import type { CompleteSegment, LogLedger } from './log-ledger.js';
import { OldestFirst } from './oldest-first.js';

/** What the logs may take; 0 means no limit. */
export interface LogBounds {
  readonly maximumBytesPerWorkload: number;
  readonly maximumBytes: number;
  readonly maximumAgeMs: number;
}

export interface Removal {
  readonly ledger: LogLedger;
  readonly segment: CompleteSegment;
}

/** What was added of a ledger to the sums. */
interface Accounted {
  readonly bytes: number;
  readonly uncompressedBytes: number;
  readonly dueBytes: number;
  readonly held: ReadonlyMap<LogHolds, number>;
}

const nothing: Accounted = { bytes: 0, uncompressedBytes: 0, dueBytes: 0, held: new Map() };

/**
 * Decides which segments go. A segment is due when the bounds are kept only without it; the oldest are due first, and
 * the last one of a log never. What is due goes, unless somebody holds it and has room for it.
 */
export class Retention {
  bytes = 0;
  uncompressedBytes = 0;
  /** Beyond the bounds, and held. */
  dueBytes = 0;
  private readonly accounts = new Map<LogLedger, Accounted>();
  private readonly byKey = new Map<string, Set<LogLedger>>();
  private readonly changed = new Set<LogLedger>();
  private readonly overdue = new Set<LogLedger>();
  private readonly holders = new Set<LogHolds>();
  private readonly heads = new OldestFirst<LogLedger>((ledger) => ledger.head?.newestMs ?? Infinity);

  constructor(
    private readonly bounds: LogBounds,
    /** What is due may have become free. */
    private readonly onRelease: () => void,
    private readonly onSurrender: (holder: LogHolds) => void = () => undefined,
  ) {}

  get ledgers(): Iterable<LogLedger> {
    return this.accounts.keys();
  }

  /** When the next segment is too old, Unix milliseconds. */
  get nextDueMs(): number {
    const { maximumAgeMs } = this.bounds;
    const head = this.heads.first?.head;
    return maximumAgeMs === 0 || !head ? Infinity : head.newestMs + maximumAgeMs;
  }

  add(ledger: LogLedger): void {
    this.accounts.set(ledger, nothing);
    const sameKey = this.byKey.get(ledger.key) ?? new Set();
    this.byKey.set(ledger.key, sameKey.add(ledger));
    this.update(ledger);
  }

  delete(ledger: LogLedger): void {
    if (!this.accounts.has(ledger)) return;
    this.enter(ledger, nothing);
    this.accounts.delete(ledger);
    this.heads.delete(ledger);
    this.changed.delete(ledger);
    this.overdue.delete(ledger);
    const sameKey = this.byKey.get(ledger.key);
    sameKey?.delete(ledger);
    if (sameKey?.size === 0) this.byKey.delete(ledger.key);
  }

  /** The ledger has changed. */
  update(ledger: LogLedger): void {
    if (!this.accounts.has(ledger)) return;
    this.changed.add(ledger);
    this.account(ledger);
  }

  holder(name: string, maximumBytes: number): LogHolds {
    const holder = new LogHolds(
      name,
      maximumBytes,
      (key) => this.holdChanged(key),
      (each) => this.removeHolder(each),
    );
    this.holders.add(holder);
    return holder;
  }

  /**
   * Takes out of the ledgers what has to go now.
   * @param isWhole false: only what is due by the bounds of each log, since not all logs are known yet
   */
  settle(nowMs: number, isWhole = true): Removal[] {
    for (const ledger of this.changed) this.dueByItself(ledger, nowMs);
    this.changed.clear();
    for (let first = this.heads.first; first && this.nextDueMs <= nowMs; first = this.heads.first) {
      this.dueByItself(first, nowMs);
    }
    if (isWhole) this.dueByNode();
    for (const holder of this.holders) if (holder.heldBytes > holder.maximumBytes) this.surrender(holder);
    return [...this.overdue].flatMap((ledger) => this.takeFree(ledger));
  }

  private dueByItself(ledger: LogLedger, nowMs: number): void {
    const { maximumBytesPerWorkload, maximumAgeMs } = this.bounds;
    const byBytes = maximumBytesPerWorkload === 0 ? 0 : ledger.dueByBytes(maximumBytesPerWorkload);
    const byAge = maximumAgeMs === 0 ? 0 : ledger.dueByAge(nowMs - maximumAgeMs);
    const ownDue = Math.max(byBytes, byAge);
    // What is due by the bound of the node stays so until there is room for it; the rest is due no more.
    const byNode = ledger.due > ledger.ownDue ? ledger.due : 0;
    ledger.ownDue = ownDue;
    this.setDue(ledger, Math.max(ownDue, byNode));
  }

  private dueByNode(): void {
    const { maximumBytes } = this.bounds;
    if (maximumBytes === 0) return;
    while (this.bytes - this.dueBytes > maximumBytes && this.heads.first) {
      this.setDue(this.heads.first, this.heads.first.due + 1);
    }
    for (let newest = this.newestByNode(); newest; newest = this.newestByNode()) {
      const bytes = newest.segments[newest.due - 1]?.bytes ?? 0;
      if (this.bytes - this.dueBytes + bytes > maximumBytes) return;
      this.setDue(newest, newest.due - 1);
    }
  }

  /** Which log has the newest of the segments that are due only by the bound of the node. */
  private newestByNode(): LogLedger | undefined {
    let newest: LogLedger | undefined;
    let newestMs = -Infinity;
    for (const ledger of this.overdue) {
      const segment = ledger.due > ledger.ownDue ? ledger.segments[ledger.due - 1] : undefined;
      if (!segment || segment.newestMs < newestMs) continue;
      newest = ledger;
      ({ newestMs } = segment);
    }
    return newest;
  }

  private setDue(ledger: LogLedger, due: number): void {
    if (ledger.due === due) return;
    ledger.due = due;
    this.account(ledger);
  }

  /** The oldest goes, until the rest fits. */
  private surrender(holder: LogHolds): void {
    const held = [...this.overdue].flatMap((ledger) =>
      ledger.segments.slice(0, ledger.due).flatMap((segment, index) => {
        return holder.holdsSegment(ledger, index) ? [{ ledger, index, segment }] : [];
      }),
    );
    held.sort((one, other) => one.segment.newestMs - other.segment.newestMs);
    const touched = new Set<LogLedger>();
    let { heldBytes } = holder;
    for (const { ledger, index, segment } of held) {
      if (heldBytes <= holder.maximumBytes) break;
      holder.surrender(ledger, index);
      heldBytes -= segment.bytes;
      touched.add(ledger);
    }
    for (const ledger of touched) this.account(ledger);
    this.onSurrender(holder);
  }

  private takeFree(ledger: LogLedger): Removal[] {
    const removals: Removal[] = [];
    while (ledger.due > 0 && !this.isHeld(ledger)) {
      const segment = ledger.shift();
      if (segment) removals.push({ ledger, segment });
    }
    if (removals.length > 0) this.account(ledger);
    return removals;
  }

  /** Whether anybody holds the oldest segment. */
  private isHeld(ledger: LogLedger): boolean {
    for (const holder of this.holders) if (holder.holdsSegment(ledger, 0)) return true;
    return false;
  }

  private holdChanged(key: string): void {
    for (const ledger of this.byKey.get(key) ?? []) {
      if (ledger.due === 0) continue;
      this.account(ledger);
      if (!this.isHeld(ledger)) this.onRelease();
    }
  }

  private removeHolder(holder: LogHolds): void {
    if (!this.holders.delete(holder)) return;
    for (const ledger of this.overdue) this.account(ledger);
    holder.heldBytes = 0;
    this.onRelease();
  }

  /** Brings the sums and the order up to date with a ledger. */
  private account(ledger: LogLedger): void {
    ledger.measure();
    const { bytes, uncompressedBytes, dueBytes } = ledger;
    const held = ledger.due === 0 ? nothing.held : this.heldOf(ledger);
    this.enter(ledger, { bytes, uncompressedBytes, dueBytes, held });
    if (ledger.head) this.heads.set(ledger);
    else this.heads.delete(ledger);
    if (ledger.due > 0) this.overdue.add(ledger);
    else this.overdue.delete(ledger);
  }

  private heldOf(ledger: LogLedger): Accounted['held'] {
    return new Map(Array.from(this.holders, (holder) => [holder, holder.heldBytesOf(ledger)]));
  }

  private enter(ledger: LogLedger, next: Accounted): void {
    const before = this.accounts.get(ledger) ?? nothing;
    this.bytes += next.bytes - before.bytes;
    this.uncompressedBytes += next.uncompressedBytes - before.uncompressedBytes;
    this.dueBytes += next.dueBytes - before.dueBytes;
    for (const [holder, bytes] of before.held) holder.heldBytes -= bytes;
    for (const [holder, bytes] of next.held) holder.heldBytes += bytes;
    this.accounts.set(ledger, next);
  }
}
