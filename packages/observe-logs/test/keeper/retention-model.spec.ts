import { meta } from '@aurae/proto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type LogHolds } from '../../src/keeper/log-holder.js';
import { workloadKey } from '../../src/workload-key.js';
import { type CompleteSegment, LogLedger } from '../../src/keeper/log-ledger.js';
import { type LogBounds, Retention } from '../../src/keeper/retention.js';

const logCount = 4;
const workloads = Array.from({ length: logCount }, (_, index) => ({
  kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
  name: `w${index}`,
}));

const log = fc.nat(logCount - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('rotate'), log, bytes: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compress'), log, at: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vanish'), log, at: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow'), log, bytes: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold'), log, holder: fc.nat(1), back: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release'), log, holder: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget'), log }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stepBack'), ms: fc.nat(200) }) },
);
type Step = Partial<{ kind: string; log: number; bytes: number; at: number; holder: number; back: number; ms: number }>;

interface HoldModel {
  readonly holds: LogHolds;
  readonly from: Map<string, number>;
}

/** Drives it as a keeper does, and checks after each step what has to hold. */
class Model {
  private nowMs = 1000;
  private readonly retention: Retention;
  private readonly ledgers: LogLedger[];
  private readonly holders: HoldModel[];
  private readonly next: number[] = Array.from({ length: logCount }, () => 1);

  constructor(
    private readonly bounds: LogBounds,
    spillBytes: number,
  ) {
    this.retention = new Retention(bounds, () => undefined);
    this.ledgers = workloads.map((workload) => this.begin(workload));
    this.holders = ['one', 'other'].map((name) => {
      return { holds: this.retention.holder(name, spillBytes), from: new Map<string, number>() };
    });
  }

  private begin(workload: meta.WorkloadReference): LogLedger {
    const ledger = new LogLedger(workloadKey(workload));
    this.retention.add(ledger);
    return ledger;
  }

  apply({ kind, log = 0, bytes = 0, at = 0, holder = 0, back = 0, ms = 0 }: Step): void {
    const ledger = this.ledgers[log] as LogLedger;
    const workload = workloads[log] as meta.WorkloadReference;
    const segment = ledger.segments[at];
    const model = this.holders[holder] as HoldModel;
    switch (kind) {
      case 'rotate':
        this.rotate(ledger, log, bytes);
        break;
      case 'compress':
        if (segment) segment.bytes = Math.ceil(segment.uncompressedBytes / 10);
        break;
      case 'vanish':
        if (segment)
          ledger.replace(
            ledger.segments.filter((each) => each !== segment),
            ledger.last,
          );
        break;
      case 'grow':
        if (ledger.last) ledger.last = { firstSequence: ledger.last.firstSequence, bytes };
        break;
      case 'hold': {
        const from = Math.max(1, (this.next[log] as number) - back);
        model.from.set(ledger.key, from);
        model.holds.hold(workload, BigInt(from));
        break;
      }
      case 'release':
        model.from.delete(ledger.key);
        model.holds.release(workload);
        break;
      case 'forget':
        this.retention.delete(ledger);
        this.ledgers[log] = this.begin(workload);
        break;
      case 'pass':
        this.nowMs += ms;
        break;
      case 'stepBack':
        this.nowMs -= ms;
        break;
      default:
    }
    this.retention.update(this.ledgers[log] as LogLedger);
    this.settle();
  }

  private rotate(ledger: LogLedger, log: number, bytes: number): void {
    const next = this.next[log] as number;
    if (ledger.last) {
      const { firstSequence } = ledger.last;
      const newestMs = this.nowMs;
      const flags = { form: 'sealed', isIndexed: true, isQueued: false, isGone: false } as const;
      const segment: CompleteSegment = { firstSequence, bytes, uncompressedBytes: bytes, newestMs, ...flags };
      ledger.replace([...ledger.segments, segment], undefined);
    }
    ledger.last = { firstSequence: next, bytes: 0 };
    this.next[log] = next + 10;
  }

  private settle(): void {
    const before = this.ledgers.map(({ segments }) => [...segments]);
    const lasts = this.ledgers.map(({ last }) => last);
    const removals = this.retention.settle(this.nowMs);
    expect(this.ledgers.map(({ last }) => last)).toEqual(lasts);
    for (const [index, ledger] of this.ledgers.entries()) {
      const gone = removals.filter((each) => each.ledger === ledger).map(({ segment }) => segment);
      // The oldest of each log, and nothing else.
      expect([...gone, ...ledger.segments]).toEqual(before[index]);
      this.checkLog(ledger);
    }
    this.checkNeed(removals.map(({ segment }) => segment.bytes).reduce((sum, bytes) => sum + bytes, 0));
    this.checkNode();
    for (const { holds } of this.holders) {
      expect(holds.heldBytes).toBe(sum(this.ledgers.map((ledger) => holds.heldBytesOf(ledger))));
      expect(holds.heldBytes).toBeLessThanOrEqual(holds.maximumBytes);
    }
  }

  private checkLog(ledger: LogLedger): void {
    const { maximumBytesPerWorkload, maximumAgeMs } = this.bounds;
    for (let index = 0; index < ledger.due; index++) expect(this.isWanted(ledger, index)).toBe(true);
    const within = ledger.segments.slice(ledger.due);
    const bytes = sum(within.map((segment) => segment.bytes)) + (ledger.last?.bytes ?? 0);
    if (maximumBytesPerWorkload > 0 && within.length > 0) expect(bytes).toBeLessThanOrEqual(maximumBytesPerWorkload);
    if (maximumAgeMs === 0) return;
    for (const { newestMs } of within) expect(newestMs).toBeGreaterThan(this.nowMs - maximumAgeMs);
  }

  private checkNode(): void {
    const { retention, bounds } = this;
    const within = sum(this.ledgers.map(({ bytes, dueBytes }) => bytes - dueBytes));
    expect(retention.bytes).toBe(sum(this.ledgers.map(({ bytes }) => bytes)));
    expect(retention.bytes - retention.dueBytes).toBe(within);
    if (bounds.maximumBytes === 0 || this.ledgers.every((ledger) => !ledger.head)) return;
    expect(within).toBeLessThanOrEqual(bounds.maximumBytes);
  }

  /** With bounds that are never reached nothing goes. */
  private checkNeed(removedBytes: number): void {
    const { maximumBytes, maximumBytesPerWorkload, maximumAgeMs } = this.bounds;
    if (maximumBytes + maximumBytesPerWorkload + maximumAgeMs === 0) expect(removedBytes).toBe(0);
  }

  private isWanted(ledger: LogLedger, index: number): boolean {
    return this.holders.some(({ from }) => ledger.endOf(index) >= (from.get(ledger.key) ?? Infinity));
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

it('keeps every bound, lets the oldest go first, never the last segment, and spares what is held', () => {
  const limit = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));
  const bounds = fc.record({ maximumBytesPerWorkload: limit(100), maximumBytes: limit(200), maximumAgeMs: limit(100) });
  fc.assert(
    fc.property(bounds, fc.nat(60), fc.array(step, { maxLength: 80 }), (bound, spillBytes, steps) => {
      const model = new Model(bound, spillBytes);
      for (const each of steps) model.apply(each);
    }),
    { numRuns: 500 },
  );
});

function ledgerOf(index: number, sizes: readonly number[], newestMs: readonly number[]): LogLedger {
  const ledger = new LogLedger(workloadKey(workloads[index] as meta.WorkloadReference));
  const segments = sizes.map((bytes, at): CompleteSegment => {
    const flags = { form: 'sealed', isIndexed: true, isQueued: false, isGone: false } as const;
    return { firstSequence: at * 10 + 1, bytes, uncompressedBytes: bytes, newestMs: newestMs[at] ?? 0, ...flags };
  });
  ledger.replace(segments, { firstSequence: sizes.length * 10 + 1, bytes: 0 });
  return ledger;
}

function settled(bounds: Partial<LogBounds>, ledgers: readonly LogLedger[], prepare?: (retention: Retention) => void) {
  const all = { maximumBytes: 0, maximumBytesPerWorkload: 0, maximumAgeMs: 0, ...bounds };
  const retention = new Retention(all, () => undefined);
  for (const ledger of ledgers) retention.add(ledger);
  prepare?.(retention);
  const removed = (nowMs = 1000) =>
    retention.settle(nowMs).map(({ ledger, segment }) => `${ledger.key.at(-1)}:${segment.firstSequence}`);
  return { retention, removed };
}

it('lets the oldest records of the node go first, whoever wrote them', () => {
  const ledgers = [ledgerOf(0, [10, 10, 10], [100, 300, 500]), ledgerOf(1, [10, 10, 10], [200, 400, 600])];
  expect(settled({ maximumBytes: 25 }, ledgers).removed()).toEqual(['0:1', '0:11', '1:1', '1:11']);
});

it('leaves room for the last segment to grow, but lets nobody lose the newest complete one for that', () => {
  expect(settled({ maximumBytesPerWorkload: 30 }, [ledgerOf(0, [10, 10, 10], [])]).removed()).toEqual(['0:1']);
  expect(settled({ maximumBytesPerWorkload: 12 }, [ledgerOf(0, [10, 10, 10], [])]).removed()).toEqual(['0:1', '0:11']);
  expect(settled({ maximumBytesPerWorkload: 9 }, [ledgerOf(0, [10, 10], [])]).removed()).toEqual(['0:1', '0:11']);
});

it('goes by the time of what was written later where a clock was ahead', () => {
  const ledger = ledgerOf(0, [10, 10, 10], [999_999, 100, 5000]);
  expect(settled({ maximumAgeMs: 500 }, [ledger]).removed()).toEqual(['0:1', '0:11']);
});

it('brings what was due only for want of room on the node back within the bounds when there is room', () => {
  const ledgers = [ledgerOf(0, [10, 10], [100, 300]), ledgerOf(1, [10, 10], [500, 600])];
  const held: LogHolds[] = [];
  const { retention, removed } = settled({ maximumBytes: 20 }, ledgers, (each) => held.push(each.holder('x', 100)));
  held[0]?.hold(workloads[0] as meta.WorkloadReference, 1n);
  expect(removed()).toEqual([]);
  expect([held[0]?.heldBytes, retention.dueBytes]).toEqual([20, 20]);
  retention.delete(ledgers[1] as LogLedger);
  expect(removed()).toEqual([]);
  expect([held[0]?.heldBytes, retention.dueBytes]).toEqual([0, 0]);
  held[0]?.dispose();
  expect(removed()).toEqual([]);
});

it('gives up the oldest of what is held once it is more than the holder may keep, and only for that holder', () => {
  const workload = workloads[0] as meta.WorkloadReference;
  const ledger = ledgerOf(0, [10, 10, 10, 10], [1, 2, 3, 4]);
  const held: LogHolds[] = [];
  const { retention, removed } = settled({ maximumAgeMs: 1 }, [ledger], (each) => {
    held.push(each.holder('small', 25), each.holder('large', 35));
  });
  for (const each of held) each.hold(workload, 5n);
  expect(removed()).toEqual(['0:1']);
  expect(held.map(({ heldBytes }) => heldBytes)).toEqual([20, 30]);
  expect(retention.dueBytes).toBe(30);
  held[1]?.hold(workload, 21n);
  expect(removed()).toEqual(['0:11']);
  expect(held.map(({ heldBytes }) => heldBytes)).toEqual([20, 20]);
});

it('holds what a holder asked for before the log was known, and again from the start when it was begun anew', () => {
  const workload = workloads[0] as meta.WorkloadReference;
  const held: LogHolds[] = [];
  const { retention, removed } = settled({ maximumAgeMs: 1 }, [], (each) => held.push(each.holder('x', 1000)));
  held[0]?.hold(workload, 500n);
  const ledger = ledgerOf(0, [10, 10], [1, 2]);
  retention.add(ledger);
  held[0]?.hold(workload, 11n);
  expect(removed()).toEqual(['0:1']);
  held[0]?.release(workload);
  expect(removed()).toEqual(['0:11']);
});

it('what was given up of one log does not count for another one of that name', () => {
  const workload = workloads[0] as meta.WorkloadReference;
  const held: LogHolds[] = [];
  const before = ledgerOf(0, [10, 10, 10], [1, 2, 3]);
  const { retention, removed } = settled({ maximumAgeMs: 1 }, [before], (each) => held.push(each.holder('x', 15)));
  held[0]?.hold(workload, 5n);
  expect(removed()).toEqual(['0:1', '0:11']);
  retention.delete(before);
  retention.add(ledgerOf(0, [10, 10], [1, 2]));
  held[0]?.hold(workload, 1n);
  expect(removed()).toEqual(['0:1']);
  expect(held[0]?.heldBytes).toBe(10);
});
