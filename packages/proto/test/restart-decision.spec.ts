import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideRestart, type FinishedRun, runtime } from '../src/index.js';

const { RESTART_MODE_ALWAYS, RESTART_MODE_NEVER, RESTART_MODE_ON_FAILURE } = runtime.RestartMode;

function policy(mode: runtime.RestartMode, given: Partial<runtime.RestartPolicy> = {}): runtime.RestartPolicy {
  return { maxRestarts: 0, firstPauseMs: 0, longestPauseMs: 0, stableAfterMs: 0, ...given, mode };
}

const failure: FinishedRun = { failed: true, lastedMs: 5, restartsInRow: 0 };
const success: FinishedRun = { ...failure, failed: false };
const noJitter = 0;

function pauseOf(given: Partial<runtime.RestartPolicy>, restartsInRow: number, random = noJitter): number {
  const decision = decideRestart(policy(RESTART_MODE_ALWAYS, given), { ...failure, restartsInRow }, random);
  if (decision.kind !== 'restart') throw new Error(`no restart: ${decision.kind}`);
  return decision.pauseMs;
}

test('without a policy nothing follows', () => {
  expect(decideRestart(undefined, failure)).toEqual({ kind: 'done' });
  expect(decideRestart(policy(RESTART_MODE_NEVER), failure)).toEqual({ kind: 'done' });
});

test('on-failure follows a failure and no success', () => {
  expect(decideRestart(policy(RESTART_MODE_ON_FAILURE), failure).kind).toBe('restart');
  expect(decideRestart(policy(RESTART_MODE_ON_FAILURE), success).kind).toBe('done');
});

test('always follows both', () => {
  expect(decideRestart(policy(RESTART_MODE_ALWAYS), failure).kind).toBe('restart');
  expect(decideRestart(policy(RESTART_MODE_ALWAYS), success).kind).toBe('restart');
});

test('the pause doubles from 100 ms to a minute where the policy says nothing else', () => {
  const pauses = Array.from({ length: 12 }, (_, inRow) => pauseOf({}, inRow));
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
});

test('the pauses of the policy are kept to', () => {
  const given = { firstPauseMs: 1000, longestPauseMs: 5000 };
  expect(Array.from({ length: 5 }, (_, inRow) => pauseOf(given, inRow))).toEqual([1000, 2000, 4000, 5000, 5000]);
});

test('no pause is longer than a day', () => {
  expect(pauseOf({ firstPauseMs: 4_000_000_000, longestPauseMs: 4_000_000_000 }, 9)).toBe(86_400_000);
});

test('a run that has lasted begins the row anew', () => {
  const stable = { failed: true, lastedMs: 10_000, restartsInRow: 8 };
  const begun = { kind: 'restart', pauseMs: 100, restartsInRow: 1 };
  expect(decideRestart(policy(RESTART_MODE_ALWAYS), stable, noJitter)).toEqual(begun);
  const patient = policy(RESTART_MODE_ALWAYS, { stableAfterMs: 10_001 });
  expect(decideRestart(patient, stable, noJitter)).toMatchObject({ restartsInRow: 9 });
});

test('after the most restarts in a row it gives up', () => {
  const limited = policy(RESTART_MODE_ON_FAILURE, { maxRestarts: 3 });
  expect(decideRestart(limited, { ...failure, restartsInRow: 2 }).kind).toBe('restart');
  expect(decideRestart(limited, { ...failure, restartsInRow: 3 })).toEqual({ kind: 'gave-up', restarts: 3 });
});

describe('whatever the policy says', () => {
  const uint32 = fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 0xffff_ffff }));
  const policies = fc.record({
    mode: fc.constantFrom(RESTART_MODE_ALWAYS, RESTART_MODE_ON_FAILURE),
    maxRestarts: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 })),
    firstPauseMs: uint32,
    longestPauseMs: uint32,
    stableAfterMs: uint32,
  });
  const runs = fc.record({ failed: fc.constant(true), lastedMs: uint32, restartsInRow: fc.nat(2000) });
  const chance = fc.double({ min: 0, max: 1, noNaN: true });

  test('a pause lies within its bounds, and chance takes away at most a quarter', () => {
    fc.assert(
      fc.property(policies, runs, chance, (given, run, random) => {
        const decision = decideRestart(given, run, random);
        if (decision.kind !== 'restart') return;
        const longest = Math.min(given.longestPauseMs || 60_000, 86_400_000);
        const shortest = Math.min(given.firstPauseMs || 100, longest);
        expect(decision.pauseMs).toBeLessThanOrEqual(longest);
        expect(decision.pauseMs).toBeGreaterThanOrEqual(Math.floor(shortest * 0.75));
        const certain = decideRestart(given, run, noJitter);
        if (certain.kind !== 'restart') throw new Error('chance decides only about the pause');
        expect(decision.pauseMs).toBeLessThanOrEqual(certain.pauseMs);
        expect(decision.pauseMs).toBeGreaterThanOrEqual(Math.floor(certain.pauseMs * 0.75));
      }),
    );
  });

  test('each pause is twice the one before, or the longest', () => {
    fc.assert(
      fc.property(policies, fc.nat(100), (given, inRow) => {
        const pauses = { firstPauseMs: given.firstPauseMs, longestPauseMs: given.longestPauseMs };
        const longest = Math.min(given.longestPauseMs || 60_000, 86_400_000);
        expect(pauseOf(pauses, inRow + 1)).toBe(Math.min(2 * pauseOf(pauses, inRow), longest));
      }),
    );
  });

  test('a row of failures ends after the most restarts, never before', () => {
    fc.assert(
      fc.property(policies, chance, (given, random) => {
        const most = given.maxRestarts || 60;
        let restartsInRow = 0;
        for (let restart = 0; restart < most; restart++) {
          const decision = decideRestart({ ...given, stableAfterMs: 10 }, { ...failure, restartsInRow }, random);
          if (decision.kind !== 'restart') throw new Error(`${decision.kind} after ${restart} restarts`);
          restartsInRow = decision.restartsInRow;
        }
        expect(restartsInRow).toBe(most);
        const last = decideRestart({ ...given, stableAfterMs: 10 }, { ...failure, restartsInRow }, random);
        expect(last.kind).toBe(given.maxRestarts > 0 ? 'gave-up' : 'restart');
      }),
    );
  });

  test('a stable run is followed as the first one is', () => {
    fc.assert(
      fc.property(policies, fc.nat(2000), chance, (given, restartsInRow, random) => {
        const lastedMs = given.stableAfterMs || 10_000;
        const stable = decideRestart(given, { failed: true, lastedMs, restartsInRow }, random);
        expect(stable).toEqual(decideRestart(given, { failed: true, lastedMs: 0, restartsInRow: 0 }, random));
      }),
    );
  });
});
