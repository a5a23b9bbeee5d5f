import { runtime } from '@aurae/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlarmClock, type TimerAlarm, timerAlarm, type TimerDue } from '../../../src/schedule/timers/index.js';
import { VirtualClock } from '../virtual-clock.js';

// Random sequences of what can happen to the clocks and to the daemon, against an account of the moments themselves.

const { MISSED_RUNS_SKIP, MISSED_RUNS_RUN_ONCE } = runtime.MissedRuns;
const minuteMs = 60_000;
const beatMs = 7 * minuteMs;
const correctionMs = 180 * minuteMs;
const begin = Date.parse('2024-05-05T12:00:30Z');

/** What "each seventh minute of an hour" says, written down once more. */
function momentsBetween(afterMs: number, untilMs: number): number[] {
  const moments: number[] = [];
  for (let atMs = Math.ceil((afterMs + 1) / minuteMs) * minuteMs; atMs <= untilMs; atMs += minuteMs) {
    if (((atMs / minuteMs) % 60) % 7 === 0) moments.push(atMs);
  }
  return moments;
}

type Step =
  | { readonly kind: 'advance' | 'jump' | 'stall'; readonly ms: number }
  | { readonly kind: 'restart'; readonly ms: number; readonly jumpMs: number };

const jumpMs = fc.integer({ min: -360, max: 360 }).map((minutes) => minutes * minuteMs + 17);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(90 * minuteMs) }),
    fc.record({ kind: fc.constant('jump' as const), ms: jumpMs }),
    fc.record({ kind: fc.constant('stall' as const), ms: fc.nat(20 * minuteMs) }),
    fc.record({ kind: fc.constant('restart' as const), ms: fc.nat(60 * minuteMs), jumpMs }),
  ),
  { maxLength: 12 },
);

class Daemon {
  readonly clock = new VirtualClock(begin);
  readonly heard: (TimerDue & { readonly atMs: number })[] = [];
  lastDueMs = begin;
  #alarm: TimerAlarm;

  constructor(readonly missed: runtime.MissedRuns) {
    this.#alarm = this.#listen();
  }

  get nextDueMs(): number | undefined {
    return this.#alarm.nextDueMs;
  }

  take(step: Step): void {
    if (step.kind === 'restart') this.#restart(step.ms, step.jumpMs);
    else if (step.kind === 'jump') this.clock.jumpWall(step.ms);
    else if (step.kind === 'stall') this.clock.stall(step.ms);
    else this.clock.advance(step.ms);
  }

  dispose(): void {
    this.#alarm.dispose();
  }

  #restart(awayMs: number, wallJumpMs: number): void {
    this.#alarm.dispose();
    this.clock.advance(awayMs);
    this.clock.jumpWall(wallJumpMs);
    this.#alarm = this.#listen();
  }

  #listen(): TimerAlarm {
    const timer = runtime.Timer.fromPartial({
      when: { $case: 'cron', value: { expression: '*/7 * * * *', timeZone: 'UTC' } },
      missed: this.missed,
    });
    const past = { enabledAtMs: begin, lastDueMs: this.lastDueMs };
    return timerAlarm(new AlarmClock(this.clock), timer, past, (due) => {
      this.lastDueMs = due.lastDueMs;
      this.heard.push({ ...due, atMs: this.clock.now() });
    });
  }
}

/** Takes the step, lets ten seconds pass in which it has to be noticed, and compares. */
function takeAndCompare(daemon: Daemon, step: Step): void {
  const handledMs = daemon.lastDueMs;
  daemon.heard.length = 0;
  daemon.take(step);
  const steppedMs = daemon.clock.now();
  daemon.clock.advance(10_000);
  const nowMs = daemon.clock.now();
  // So near to the limit it depends on when within the ten seconds it is noticed.
  fc.pre(Math.abs(handledMs - steppedMs - correctionMs) > 10_000);
  if (handledMs - steppedMs > correctionMs) expectCorrection(daemon, steppedMs, nowMs);
  else expectAccount(daemon, handledMs, nowMs);
  expect(daemon.nextDueMs).toBeGreaterThan(nowMs);
  const fromMs = Math.max(daemon.lastDueMs, nowMs);
  expect(daemon.nextDueMs).toBe(momentsBetween(fromMs, fromMs + beatMs)[0]);
}

/** The clock was wrong before: what is due counts from the new time on. */
function expectCorrection({ heard }: Daemon, steppedMs: number, nowMs: number): void {
  expect(heard[0]).toMatchObject({ start: false, missedCount: 0 });
  const since = momentsBetween(steppedMs, nowMs);
  for (const { start, lastDueMs } of heard.slice(1)) {
    expect(start).toBe(true);
    expect(since).toContain(lastDueMs);
  }
}

/** Each moment has had its start, or is missed by the rule; none has had two. */
function expectAccount({ heard, missed }: Daemon, handledMs: number, nowMs: number): void {
  const due = momentsBetween(handledMs, nowMs);
  let accounted = 0;
  for (const { start, missedCount, lastDueMs, atMs } of heard) {
    const inTime = atMs - lastDueMs <= minuteMs;
    expect(start).toBe(inTime || missed === MISSED_RUNS_RUN_ONCE);
    accounted += missedCount + (inTime ? 1 : 0);
    expect(lastDueMs).toBe(due[accounted - 1]);
  }
  expect(accounted).toBe(due.length);
}

test.each([
  ['left out', MISSED_RUNS_SKIP],
  ['made up for', MISSED_RUNS_RUN_ONCE],
])('no start is made twice and none is lost, with missed ones %s', (_, missed) => {
  fc.assert(
    fc.property(steps, (given) => {
      const daemon = new Daemon(missed);
      for (const step of given) takeAndCompare(daemon, step);
      daemon.dispose();
      expect(daemon.clock.waiting).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('an interval makes a start for each of its beats of the monotonic clock, wherever the wall jumps', () => {
  const moves = fc.array(fc.record({ ms: fc.nat(20_000), jumpMs }), { maxLength: 30 });
  fc.assert(
    fc.property(moves, (given) => {
      const clock = new VirtualClock(begin);
      const timer = runtime.Timer.fromPartial({ when: { $case: 'intervalMs', value: 1700n } });
      const starts: number[] = [];
      const alarm = timerAlarm(new AlarmClock(clock), timer, { enabledAtMs: begin }, ({ start, missedCount }) => {
        expect({ start, missedCount }).toEqual({ start: true, missedCount: 0 });
        starts.push(clock.monotonic());
      });
      for (const { ms, jumpMs: wallMs } of given) {
        clock.advance(ms);
        clock.jumpWall(wallMs);
        expect(alarm.nextDueMs).toBeGreaterThan(clock.now());
      }
      const beats = Math.floor(clock.monotonic() / 1700);
      expect(starts).toEqual(Array.from({ length: beats }, (_, index) => (index + 1) * 1700));
      alarm.dispose();
    }),
  );
});
