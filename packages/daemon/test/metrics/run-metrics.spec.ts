import { backend, meta } from '@aurae/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executable, MetricsFixture } from './metrics-fixture.js';

const { STATUS_ACTIVE, STATUS_STANDBY, STATUS_COMPLETE, STATUS_ERROR, STATUS_UNKNOWN } = meta.Status;

function event(name: string, given: Partial<backend.WorkloadEvent>): backend.WorkloadEvent {
  return backend.WorkloadEvent.fromPartial({ workload: { kind: executable, name }, startedAtMs: 1n, ...given });
}

const active = (name: string, startedAtMs = 1n) => event(name, { status: STATUS_ACTIVE, startedAtMs });

function snapshot(fixture: MetricsFixture, ...events: backend.WorkloadEvent[]): void {
  fixture.metrics.runs.onSnapshot(executable, new Map(events.map((each) => [each.workload?.name ?? '', each])));
}

function tell(fixture: MetricsFixture, ...events: backend.WorkloadEvent[]): void {
  for (const each of events) fixture.metrics.runs.onEvent(executable, each);
}

async function counts(fixture: MetricsFixture) {
  const text = await fixture.scrape();
  const kind = 'executable';
  const ends = text.samples
    .filter(({ name, labels, value }) => name === 'aurae_workload_ends_total' && labels['kind'] === kind && value > 0)
    .map(({ labels, value }) => [labels['outcome'], value]);
  return { starts: text.value('aurae_workload_starts_total', { kind }), ends: Object.fromEntries(ends) };
}

test('what was there before is not counted, and what becomes of it is', async () => {
  const fixture = MetricsFixture.open();
  snapshot(fixture, active('web'), event('old', { status: STATUS_COMPLETE, exitCode: '1' }));
  expect(await counts(fixture)).toEqual({ starts: 0, ends: {} });
  tell(fixture, event('web', { status: STATUS_COMPLETE, exitCode: '0' }));
  expect(await counts(fixture)).toEqual({ starts: 0, ends: { completed: 1 } });
});

test('a state that is told again counts once', async () => {
  const fixture = MetricsFixture.open();
  snapshot(fixture);
  const stopping = event('web', { status: STATUS_ACTIVE, stopped: true });
  const stopped = event('web', { status: STATUS_COMPLETE, signal: 15, stopped: true });
  tell(fixture, active('web'), active('web'), stopping, stopped, stopped);
  expect(await counts(fixture)).toEqual({ starts: 1, ends: { stopped: 1 } });
});

test('each restart is a start, and the end before it is told as such', async () => {
  const fixture = MetricsFixture.open();
  snapshot(fixture);
  for (let run = 1; run <= 3; run++) {
    const state = { startedAtMs: BigInt(run), restarts: run - 1 };
    tell(
      fixture,
      event('loop', { ...state, status: STATUS_ACTIVE }),
      event('loop', { ...state, status: STATUS_STANDBY }),
    );
  }
  const last = { startedAtMs: 3n, restarts: 2, exitCode: '3' };
  tell(fixture, event('loop', { ...last, status: STATUS_COMPLETE }));
  expect(await counts(fixture)).toEqual({ starts: 3, ends: { restarting: 3 } });
});

test.each([
  ['completed', { status: STATUS_COMPLETE, exitCode: '0' }],
  ['failed', { status: STATUS_COMPLETE, exitCode: '7' }],
  ['failed', { status: STATUS_ERROR }],
  ['signalled', { status: STATUS_COMPLETE, exitCode: '139', signal: 11 }],
  ['out_of_memory', { status: STATUS_COMPLETE, exitCode: '137', signal: 9, outOfMemory: true }],
  ['stopped', { status: STATUS_COMPLETE, exitCode: '0', stopped: true }],
  ['unknown', { status: STATUS_UNKNOWN }],
  ['not_started', { status: STATUS_STANDBY, startedAtMs: 0n, restarts: 1 }],
  ['restarting', { status: STATUS_STANDBY }],
])('an end is told as %s', async (outcome, given) => {
  const fixture = MetricsFixture.open();
  snapshot(fixture, active('web'));
  tell(fixture, event('web', given));
  expect((await counts(fixture)).ends).toEqual({ [outcome]: 1 });
});

test('runs that were ended for want of memory are counted by name, until the workload is forgotten', async () => {
  const fixture = MetricsFixture.open();
  snapshot(fixture);
  for (const startedAtMs of [1n, 2n]) {
    const end = { status: STATUS_STANDBY, outOfMemory: true, startedAtMs };
    tell(fixture, active('eater', startedAtMs), event('eater', end));
  }
  const byName = async () => (await fixture.scrape()).value('aurae_workload_oom_kills_total', { name: 'eater' });
  expect(await byName()).toBe(2);
  tell(fixture, event('eater', { removed: true }));
  expect(await byName()).toBeUndefined();
  expect((await counts(fixture)).ends).toEqual({ out_of_memory: 2 });
});

test('what happened while the backend was out of sight is counted when it is seen again', async () => {
  const fixture = MetricsFixture.open();
  snapshot(fixture, active('stays'), active('ends'), active('goes'), active('restarts'));
  const ended = event('ends', { status: STATUS_COMPLETE, exitCode: '0' });
  snapshot(fixture, active('stays'), ended, active('restarts', 2n), active('new'));
  expect(await counts(fixture)).toEqual({ starts: 2, ends: { completed: 1 } });
});

test('however often states are told, runs are counted once each', async () => {
  const run = fc.record({ repeats: fc.nat({ max: 3 }), stops: fc.boolean(), exitCode: fc.constantFrom('0', '1') });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 8 }), async (runs) => {
      const fixture = MetricsFixture.open();
      snapshot(fixture);
      runs.forEach(({ repeats, stops, exitCode }, index) => {
        const startedAtMs = BigInt(index + 1);
        const end = event('web', { status: STATUS_COMPLETE, startedAtMs, exitCode, stopped: stops });
        for (let time = 0; time <= repeats; time++) tell(fixture, active('web', startedAtMs));
        for (let time = 0; time <= repeats; time++) tell(fixture, end);
      });
      const { starts, ends } = await counts(fixture);
      expect(starts).toBe(runs.length);
      expect(Object.values<number>(ends).reduce((sum, count) => sum + count, 0)).toBe(runs.length);
    }),
    { numRuns: 30 },
  );
});
