import { runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { decideRestart } from '../../src/workload/restart-policy.js';

const { RESTART_MODE_ALWAYS, RESTART_MODE_NEVER, RESTART_MODE_ON_FAILURE } = runtime.RestartMode;

function policy(mode: runtime.RestartMode, maxRestarts = 0): runtime.RestartPolicy {
  return { mode, maxRestarts };
}

const failure = { failed: true, lastedMs: 5, restartsInRow: 0 };
const success = { ...failure, failed: false };

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

test('the pause doubles from 100 ms to a minute', () => {
  const pauses = [];
  for (let row = 0; row < 12; row++) {
    const decision = decideRestart(policy(RESTART_MODE_ALWAYS), { ...failure, restartsInRow: row });
    pauses.push(decision.kind === 'restart' ? decision.pauseMs : undefined);
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
});

test('a stable run begins the row anew', () => {
  const stable = { failed: true, lastedMs: 10_000, restartsInRow: 8 };
  expect(decideRestart(policy(RESTART_MODE_ALWAYS), stable)).toEqual({
    kind: 'restart',
    pauseMs: 100,
    restartsInRow: 1,
  });
});

test('after the most restarts in a row it gives up', () => {
  const limited = policy(RESTART_MODE_ON_FAILURE, 3);
  expect(decideRestart(limited, { ...failure, restartsInRow: 2 }).kind).toBe('restart');
  expect(decideRestart(limited, { ...failure, restartsInRow: 3 })).toEqual({ kind: 'gave-up', restarts: 3 });
});
