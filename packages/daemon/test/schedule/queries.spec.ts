import { meta, schedule } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { showHistory, showWorkloads } from '../../src/schedule/schedule-queries.js';
import { type EngineHarness, startHarness } from './engine-harness.js';
import { cron, dependent, execProbe, executable, key, restartAlways } from './fakes/specs.js';

function request(parts: Partial<schedule.ShowEnabledRequest> = {}): schedule.ShowEnabledRequest {
  return schedule.ShowEnabledRequest.fromPartial(parts as schedule.ShowEnabledRequest);
}

function namesOf({ workloads }: schedule.ShowEnabledResponse): string[] {
  return workloads.map(({ workload }) => workload?.name ?? '');
}

describe('show', () => {
  test('lists what is enabled and what is disabled, by name', async () => {
    const node = await startHarness();
    for (const name of ['web', 'db', 'api', 'cron']) await node.enable(executable(name));
    await node.disable('cron');
    const enabled = showWorkloads(node.engine, request(), true);
    expect(namesOf(enabled)).toEqual(['api', 'db', 'web']);
    expect(enabled.Executables.map((one) => one.meta?.name)).toEqual(['api', 'db', 'web']);
    expect(namesOf(showWorkloads(node.engine, request(), false))).toEqual(['cron']);
  });

  test('goes through more than a thousand page by page, each once, though some come and go', async () => {
    const node = await startHarness();
    const specs = Array.from({ length: 1234 }, (_, index) => executable(`w${index}`));
    await node.apply(specs);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = showWorkloads(node.engine, request({ pageSize: 100, pageToken }), true);
      expect(page.workloads.length).toBeLessThanOrEqual(100);
      seen.push(...namesOf(page));
      pageToken = page.nextPageToken;
      if (seen.length === 500) await node.destroy(seen[499] ?? '');
    } while (pageToken !== '');
    expect(seen).toEqual(specs.map(({ value }) => value.meta?.name ?? '').sort());
  });

  test('tells the names of environment variables, and never their values', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { env: { PASSWORD: 'secret' } }));
    const [shown] = showWorkloads(node.engine, request(), true).Executables;
    expect(shown?.env).toEqual({ PASSWORD: '' });
    expect(node.driver.running.get('web')?.spec.value).toMatchObject({ env: { PASSWORD: 'secret' } });
  });

  test('of one that is not there is empty, and refuses the token of somebody else', async () => {
    const node = await startHarness();
    expect(namesOf(showWorkloads(node.engine, request({ workload: key('web') }), true))).toEqual([]);
    expect(() => showWorkloads(node.engine, request({ pageToken: 'nonsense' }), true)).toThrow('page token');
  });
});

describe('history', () => {
  test('of one that is not scheduled is NOT_FOUND', async () => {
    const node = await startHarness();
    await expect(showHistory(node.engine, key('web'))).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  test('tells what has happened, with pid and moment', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    const { entries, workload } = await showHistory(node.engine, key('web'));
    expect(workload?.proc?.pid).toBe(101);
    expect(entries.map(({ type, message }) => [type, message])).toEqual([
      ['enabled', 'enabled'],
      ['started', 'enabled'],
    ]);
    expect(entries[1]).toMatchObject({ proc: { pid: 101 }, timestampMs: BigInt(node.clock.now()), sequence: 2n });
  });
});

interface Situation {
  readonly spec?: ReturnType<typeof executable>;
  readonly before?: (node: EngineHarness) => unknown;
  readonly happen?: (node: EngineHarness) => unknown;
  readonly status: keyof typeof meta.Status;
  readonly message: string | RegExp;
}

const probed = executable('web', { criteria: { readiness: execProbe('ready?') } });

const situations: Record<string, Situation> = {
  runs: { status: 'STATUS_ACTIVE', message: '' },
  'is not ready': {
    spec: probed,
    before: (node) => (node.driver.execAnswer = () => 'no answer'),
    happen: (node) => node.advance(0),
    status: 'STATUS_ACTIVE',
    message: /^not ready yet/,
  },
  'waits for its timer': {
    spec: executable('web', { criteria: { timer: cron('0 0 * * *') } }),
    status: 'STATUS_STANDBY',
    message: 'waits for its timer',
  },
  'waits for another': {
    spec: dependent('web', 'db'),
    before: async (node) => {
      await node.enable(executable('db'));
      await node.disable('db');
    },
    status: 'STATUS_STANDBY',
    message: 'waits for "db", which is disabled',
  },
  'waits for a restart': {
    spec: executable('web', { restart: restartAlways }),
    happen: (node) => node.driver.end('web'),
    status: 'STATUS_STANDBY',
    message: 'restarted by its policy: it exited with 0',
  },
  'has ended': { happen: (node) => node.driver.end('web'), status: 'STATUS_COMPLETE', message: '' },
  'has failed': {
    happen: (node) => node.driver.end('web', { exitCode: '2' }),
    status: 'STATUS_ERROR',
    message: 'it exited with 2',
  },
  'was stopped by hand': {
    happen: (node) => node.driver.stopByHand('web'),
    status: 'STATUS_COMPLETE',
    message: /^stopped by hand/,
  },
  'is disabled': { happen: (node) => node.disable('web'), status: 'STATUS_PASSIVE', message: '' },
  'is being stopped': {
    happen: (node) => {
      node.driver.holdStop('web');
      void node.disable('web').catch(() => undefined);
    },
    status: 'STATUS_PASSIVE',
    message: 'is being stopped',
  },
  'is being replaced': {
    happen: (node) => {
      node.driver.holdStop('web');
      void node.enable(executable('web', { command: 'other' })).catch(() => undefined);
    },
    status: 'STATUS_ACTIVE',
    message: /since its spec has changed/,
  },
  'is being started': {
    happen: async (node) => {
      node.driver.end('web');
      await node.settle();
      node.driver.holdStarts();
      void node.enable(executable('web')).catch(() => undefined);
    },
    status: 'STATUS_STANDBY',
    message: 'is being started',
  },
};

test.each(Object.entries(situations))('one that %s is shown so', async (_, situation) => {
  const { spec = executable('web'), before, happen, status, message } = situation;
  const node = await startHarness();
  await before?.(node);
  await node.enable(spec);
  await happen?.(node);
  await node.settle();
  const shown = node.show('web');
  expect(meta.Status[shown.status]).toBe(status);
  expect(shown.message).toMatch(typeof message === 'string' ? new RegExp(`^${message}$`) : message);
});
