import { runtime } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markLabels, markOf } from '../../src/schedule/schedule-mark.js';
import { differingFields, isSameSpec, startedSpec, withoutSecrets } from '../../src/schedule/spec-parts.js';
import { planAfterEnd } from '../../src/schedule/supervision/plan.js';
import type { WorkloadSpec } from '../../src/schedule/workload-key.js';
import { executable, type ExecutableParts, restartAlways, restartOnFailure } from './fakes/specs.js';

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const spec = fc
  .record({
    command: word,
    env: fc.dictionary(word, word, { maxKeys: 3 }),
    cwd: word,
    labels: fc.dictionary(word, word, { maxKeys: 2 }),
  })
  .map((parts) => executable('web', parts));

function shuffled(one: WorkloadSpec): WorkloadSpec {
  const { env } = one.value as runtime.Executable;
  return executable('web', {
    ...(one.value as runtime.Executable),
    env: Object.fromEntries(Object.entries(env).reverse()),
  });
}

describe('the difference of two specs', () => {
  test('is none exactly where they are the same, whatever the order of their maps', () => {
    fc.assert(
      fc.property(spec, spec, (one, other) => {
        expect(isSameSpec(one, shuffled(one))).toBe(true);
        expect(isSameSpec(one, other)).toBe(differingFields(one, other).length === 0);
        expect(differingFields(one, other)).toEqual(differingFields(other, one));
        const sorted = (value: unknown) =>
          JSON.stringify(value, (_, inner: unknown) =>
            inner !== null && typeof inner === 'object' && !Array.isArray(inner)
              ? Object.fromEntries(Object.entries(inner).sort())
              : inner,
          );
        expect(isSameSpec(one, other)).toBe(sorted(one.value) === sorted(other.value));
      }),
    );
  });

  const both: ExecutableParts = { env: { A: '1', B: '1' } };
  const changes: [ExecutableParts, string[]][] = [
    [{ command: 'x' }, ['command']],
    [{ env: { A: '2', C: '1' } }, ['env.A', 'env.B', 'env.C']],
    [{ stopSignal: 'INT' }, ['stop_signal']],
    [{ restart: restartAlways }, ['restart']],
  ];

  test.each(changes)('names fields as the wire does (%o)', (parts, fields) => {
    expect(differingFields(executable('web', both), executable('web', { ...both, ...parts }))).toEqual(fields);
  });

  test('is there between kinds', () => {
    const container: WorkloadSpec = { $case: 'container', value: runtime.Container.fromPartial({ name: 'web' }) };
    expect(isSameSpec(executable('web'), container)).toBe(false);
  });
});

test('what is shown has the names of the environment and none of its values', () => {
  fc.assert(
    fc.property(spec, (one) => {
      const { env } = withoutSecrets(one).value as runtime.Executable;
      expect(Object.keys(env)).toEqual(Object.keys((one.value as runtime.Executable).env));
      expect(Object.values(env).join('')).toBe('');
    }),
  );
});

test('what is started has neither policy nor criteria, and the labels of both', () => {
  const started = startedSpec(executable('web', { restart: restartAlways, criteria: {}, labels: { a: '1' } }), {
    b: '2',
  });
  expect(started.value).toMatchObject({ restart: undefined, criteria: undefined, labels: { a: '1', b: '2' } });
});

describe('the mark of a run', () => {
  const part = fc.stringMatching(/^[0-9a-f-]{1,36}$/);

  test('is read as it was written', () => {
    fc.assert(
      fc.property(part, fc.nat(), part, (store, revision, run) => {
        expect(markOf({ other: 'label', ...markLabels({ store, revision, run }) })).toEqual({ store, revision, run });
      }),
    );
  });

  const wrong = ['', 'a/1', 'a//c', 'a/x/c', '/1/c', 'a/1/', 'a/1/c/d', 'a/-1/c', `a/${'9'.repeat(16)}/c`];

  test.each(wrong)('is none in %o', (text) => {
    expect(markOf({ 'aurae.schedule': text })).toBeUndefined();
  });

  test('is none where there is no label', () => {
    expect(markOf({})).toBeUndefined();
  });
});

describe('what follows the end of a run', () => {
  const failedEnd = { failed: true, lastedMs: 0, how: 'exited with 1' };
  const goodEnd = { failed: false, lastedMs: 0, how: 'exited with 0' };
  const state = { policy: undefined, restartsInRow: 0, hasTimer: false, random: 0 };
  const policy = runtime.RestartPolicy.fromPartial({
    ...restartOnFailure,
    maxRestarts: 3,
    firstPauseMs: 100,
    longestPauseMs: 1000,
  });

  test.each([
    ['failed', failedEnd, state, { kind: 'failed', reason: 'it exited with 1' }],
    ['done', goodEnd, state, { kind: 'done' }],
    ['the timer', goodEnd, { ...state, hasTimer: true }, { kind: 'timer' }],
    [
      'failed, also with a timer',
      failedEnd,
      { ...state, hasTimer: true },
      { kind: 'failed', reason: 'it exited with 1' },
    ],
    [
      'a pause',
      failedEnd,
      { ...state, policy },
      { kind: 'planned-pause', pauseMs: 100, why: 'restarted by its policy: it exited with 1' },
    ],
    [
      'the end of all restarts',
      failedEnd,
      { ...state, policy, restartsInRow: 3 },
      { kind: 'failed', reason: '3 restarts in a row did not help; it last exited with 1' },
    ],
    ['done with a policy of on-failure', goodEnd, { ...state, policy, restartsInRow: 3 }, { kind: 'done' }],
  ])('is %s', (_, end, before, plan) => {
    expect(planAfterEnd(end, before).plan).toEqual(plan);
  });

  test('pauses between three quarters and the whole of what is due, never longer than the longest', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.double({ min: 0, max: 1, noNaN: true }), (restartsInRow, random) => {
        const unlimited = { ...policy, maxRestarts: 0 };
        const { plan, restartsInRow: next } = planAfterEnd(failedEnd, {
          ...state,
          policy: unlimited,
          restartsInRow,
          random,
        });
        const dueMs = Math.min(1000, 100 * 2 ** restartsInRow);
        const pauseMs = plan.kind === 'planned-pause' ? plan.pauseMs : -1;
        expect(pauseMs).toBeGreaterThanOrEqual(Math.floor(dueMs * 0.75));
        expect(pauseMs).toBeLessThanOrEqual(dueMs);
        expect(next).toBe(restartsInRow + 1);
      }),
    );
  });
});
