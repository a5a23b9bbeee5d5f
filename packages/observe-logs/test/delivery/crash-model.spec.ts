import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDispatcher, LogPositions, type WhenBehind } from '@aurae/observe-logs';
import { InvalidSpecError, UnavailableError } from '@aurae/proto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numbered, workloadNamed } from '../fixtures/dispatch.js';
import { FakeLogSink } from '../fixtures/fake-log-sink.js';
import { FakeWorkloadLog } from '../fixtures/fake-workload-log.js';
import { ManualClock, quiet } from '../fixtures/manual-clock.js';

const names = ['web', 'db', 'queue'];
const answers = {
  accept: 'accept',
  down: new UnavailableError('down'),
  refuse: new InvalidSpecError('never'),
  hang: 'hang',
} as const;

const workload = fc.nat({ max: names.length - 1 });
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      workload,
      lines: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(5, 20, 250, 1000, 20_000) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sink' as const),
      answer: fc.constantFrom(
        'accept' as const,
        'accept' as const,
        'down' as const,
        'refuse' as const,
        'hang' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('letGo' as const), workload, lines: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), workload }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), workload }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), isGraceful: fc.boolean() }) },
);

/** One process: a dispatcher with a sink, from what the one before has left on disk. */
class Life {
  /** After what each log is known to have been delivered, or told as lost, when the life began. */
  readonly starts = new Map<string, bigint>();

  /** Found by a daemon that has no place in them: they begin with what is kept when they are read. */
  readonly unread = new Set<string>();

  private constructor(
    readonly directory: string,
    readonly sink: FakeLogSink,
    readonly clock: ManualClock,
    readonly positions: LogPositions,
    readonly dispatcher: LogDispatcher,
  ) {}

  static async begin(
    directory: string,
    logs: readonly FakeWorkloadLog[],
    whenBehind: WhenBehind,
    isFirst: boolean,
  ): Promise<Life> {
    const clock = new ManualClock();
    const sink = new FakeLogSink();
    const positions = await LogPositions.open({ directory, clock });
    const sinks = [{ name: 'fake', sink, positions }];
    const options = { maximumBatchItems: 16, whenBehind, blockForMs: 5000, writeTimeoutMs: 1000 };
    const life = new Life(directory, sink, clock, positions, new LogDispatcher({ sinks, clock, ...options }));
    for (const [index, name] of names.entries()) {
      const log = logs[index] as FakeWorkloadLog;
      const known = positions.get(workloadNamed(name))?.afterSequence;
      life.starts.set(name, known ?? log.oldestKept - 1n);
      if (known === undefined && !isFirst) life.unread.add(name);
      life.dispatcher.followWorkload(workloadNamed(name), log.open, isFirst);
    }
    await quiet();
    return life;
  }

  /** How far the log was delivered, or told as lost: each record begins where the one before ended. */
  endOf(name: string): bigint {
    let position = this.starts.get(name) ?? 0n;
    let mayBeginLater = this.unread.has(name);
    for (const record of this.sink.batches.flat()) {
      if (record.workload?.name !== name || !record.item) continue;
      if (record.item.sequence === 0n) {
        position += BigInt((JSON.parse(record.item.fieldsJson) as { lostLines: number }).lostLines);
      } else {
        if (!mayBeginLater) expect([name, record.item.sequence]).toEqual([name, position + 1n]);
        mayBeginLater = false;
        expect(record.item.line).toBe(`line ${record.item.sequence}`);
        position = record.item.sequence;
      }
    }
    return position;
  }

  async end(): Promise<void> {
    await this.dispatcher.close({ signal: AbortSignal.abort() });
    await this.positions.close();
    expect(this.clock.sleeping).toBe(0);
  }
}

it('every line is delivered or told as lost, in order, through outages, refusals, failing logs and crashes', async () => {
  const root = mkdtempSync(join(tmpdir(), 'aurae-delivery-'));
  let directories = 0;
  const newDirectory = () => {
    const directory = join(root, String(directories++));
    mkdirSync(directory);
    return directory;
  };
  const property = async (operations: readonly Operation[], whenBehind: WhenBehind) => {
    const logs = names.map((name) => new FakeWorkloadLog(name, 7));
    let life = await Life.begin(newDirectory(), logs, whenBehind, true);
    const ends = () => names.map((name) => life.endOf(name));
    for (const step of operations) {
      const log = 'workload' in step ? (logs[step.workload] as FakeWorkloadLog) : undefined;
      if (step.kind === 'append') log?.append(...numbered(step.lines, Number(log.lastSequence) + 1));
      else if (step.kind === 'advance') await life.clock.advance(step.ms);
      else if (step.kind === 'sink') life.sink.otherwise = answers[step.answer];
      else if (step.kind === 'letGo') log?.letGo(log.oldestKept + BigInt(step.lines));
      else if (step.kind === 'fail') log?.failures.push(new Error('cannot be read'));
      else if (step.kind === 'restart' && log) {
        log.end();
        await quiet();
        log.begin();
        life.dispatcher.followWorkload(workloadNamed(names[step.workload] as string), log.open);
      } else if (step.kind === 'crash') {
        const reached = ends();
        const directory = newDirectory();
        if (step.isGraceful) await life.end();
        const content = readOrEmpty(join(life.directory, 'positions'));
        writeFileSync(join(directory, 'positions'), content);
        if (!step.isGraceful) await life.end();
        const accepted = step.isGraceful ? ends() : reached;
        life = await Life.begin(directory, logs, whenBehind, false);
        for (const [index, name] of names.entries()) {
          // Without one, what was let go of before anybody read it is not known to have been.
          const hasPosition = !life.unread.has(name);
          // A position is never ahead of what the sink has, and after a good end it is not behind either.
          if (hasPosition) expect(life.starts.get(name)).toBeLessThanOrEqual(accepted[index] as bigint);
          if (hasPosition && step.isGraceful) expect(life.starts.get(name)).toBe(accepted[index]);
        }
      }
    }
    life.sink.otherwise = 'accept';
    await life.clock.advance(60_000);
    // What was given up last is told with what comes next.
    for (const log of logs) log.append(`line ${log.lastSequence + 1n}`);
    await life.clock.advance(60_000);
    expect(ends()).toEqual(logs.map(({ lastSequence }) => lastSequence));
    await life.end();
    expect(logs.map(({ openStreams }) => openStreams)).toEqual([0, 0, 0]);
  };
  const whenBehind = fc.constantFrom<WhenBehind>('drop-oldest', 'block', 'spill');
  const unreadAndLetGo: Operation[] = [
    { kind: 'append', workload: 0, lines: 2 },
    { kind: 'letGo', workload: 0, lines: 0 },
    { kind: 'crash', isGraceful: false },
  ];
  try {
    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 40 }), whenBehind, property), {
      numRuns: 150,
      examples: [[unreadAndLetGo, 'drop-oldest']],
    });
  } finally {
    rmSync(root, { recursive: true });
  }
});

type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

function readOrEmpty(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
