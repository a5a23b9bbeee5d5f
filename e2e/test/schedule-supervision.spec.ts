import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { meta, runtime } from '@aurae/proto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { freePort } from './free-port.js';
import { historyOf, ScheduleFixture, shownSchedule, stateOf, untilState, untilStatus } from './schedule-fixture.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY } = meta.Status;
const { RESTART_MODE_ALWAYS, RESTART_MODE_ON_FAILURE } = runtime.RestartMode;

let fixture: ScheduleFixture;
let client: AuraeClient;
beforeAll(async () => {
  fixture = new ScheduleFixture();
  await fixture.start();
  client = fixture.client();
});
afterAll(() => fixture[Symbol.asyncDispose]());
afterEach(async () => {
  for (const name of (await shownSchedule(client)).keys()) await client.scheduleExecutable.destroy({ meta: { name } });
  await fixture.leavesNothing();
});

const fast = { firstPauseMs: 10, longestPauseMs: 20 };
const say = (file: string) => ['/bin/sh', '-c', `echo said >> ${file}`];

function linesIn(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

async function typesOf(name: string): Promise<string[]> {
  return (await historyOf(client, name)).map(({ type }) => type);
}

describe('the restart policy', () => {
  it('starts what was killed again, and says why', async () => {
    const restart = { mode: RESTART_MODE_ALWAYS, ...fast };
    await client.scheduleExecutable.enable(fixture.sleeper('phoenix', { restart }));
    const [before] = fixture.runningOf('phoenix');
    await client.runtime.executableKill({ meta: { name: 'phoenix' } });
    const state = await untilState(client, 'phoenix', ({ restarts, proc }) => restarts === 1 && proc !== undefined);
    expect(state).toMatchObject({ status: STATUS_ACTIVE, lastExit: { signal: 9 } });
    expect(state.proc?.pid).not.toBe(before?.pid);
    expect(await typesOf('phoenix')).toEqual(['enabled', 'started', 'ended', 'restarting', 'started']);
  });

  it('gives up after its limit: ERROR with the reason, until it is enabled again', async () => {
    const [runs, repaired] = [join(fixture.root, 'crashes'), join(fixture.root, 'repaired')];
    const script = `echo run >> ${runs}; [ -e ${repaired} ] || exit 3; exec sleep 100000`;
    const restart = { mode: RESTART_MODE_ON_FAILURE, maxRestarts: 2, ...fast };
    const crasher = fixture.spec('crasher', ['/bin/sh', '-c', script], { restart });
    await client.scheduleExecutable.enable(crasher);
    const state = await untilStatus(client, 'crasher', STATUS_ERROR);
    expect(state).toMatchObject({ restarts: 2, lastExit: { exitCode: '3' }, message: expect.stringMatching(/2.*3/) });
    expect(linesIn(runs)).toBe(3);
    expect((await typesOf('crasher')).at(-1)).toBe('gave-up');

    writeFileSync(repaired, '');
    await client.scheduleExecutable.enable(crasher);
    await untilStatus(client, 'crasher', STATUS_ACTIVE);
    expect(linesIn(runs)).toBe(4);
  });

  it('leaves alone what has ended well on failure only', async () => {
    const restart = { mode: RESTART_MODE_ON_FAILURE, ...fast };
    await client.scheduleExecutable.enable(fixture.spec('job', ['/bin/true'], { restart }));
    expect(await untilStatus(client, 'job', STATUS_COMPLETE)).toMatchObject({ restarts: 0 });
  });
});

describe('a stop by hand', () => {
  it('of what runs is respected until it is enabled again', async () => {
    const spec = fixture.sleeper('web', { restart: { mode: RESTART_MODE_ALWAYS, ...fast } });
    await client.scheduleExecutable.enable(spec);
    expect(await fixture.aurae('stop', 'web')).toMatchObject({ code: 0 });
    const state = await untilStatus(client, 'web', STATUS_COMPLETE);
    expect(state.message).toContain('enabled again');
    expect(fixture.runningOf('web')).toEqual([]);
    await client.scheduleExecutable.enable(spec);
    await untilStatus(client, 'web', STATUS_ACTIVE);
    expect(fixture.runningOf('web')).toHaveLength(1);
  });

  it('of what waits for its restart is respected too', async () => {
    const restart = { mode: RESTART_MODE_ALWAYS, firstPauseMs: 80_000_000, longestPauseMs: 80_000_000 };
    await client.scheduleExecutable.enable(fixture.spec('waits', ['/bin/false'], { restart }));
    const waiting = await untilStatus(client, 'waits', STATUS_STANDBY);
    expect(Number(waiting.nextStartAtMs)).toBeGreaterThan(Date.now() + 10_000_000);
    expect(await fixture.aurae('stop', 'waits')).toMatchObject({ code: 0 });
    expect(await stateOf(client, 'waits')).toMatchObject({ status: STATUS_COMPLETE, nextStartAtMs: 0n });
  });
});

describe('a timer', () => {
  it.each<[string, runtime.Timer['when']]>([
    ['every second', { $case: 'intervalMs', value: 1000n }],
    ['by cron', { $case: 'cron', value: { expression: '* * * * * *', timeZone: 'UTC' } }],
  ])('starts %s', async (_, when) => {
    const ticks = join(fixture.root, `ticks-${when?.$case}`);
    await client.scheduleExecutable.enable(fixture.spec('tick', say(ticks), { criteria: { timer: { when } } }));
    expect(linesIn(ticks)).toBe(0);
    await eventually(async () => {
      await stateOf(client, 'tick');
      return linesIn(ticks) >= 3;
    });
    const state = await untilStatus(client, 'tick', STATUS_STANDBY);
    expect(state).toMatchObject({ restarts: 0, lastExit: { exitCode: '0' } });
    const beat = when?.$case === 'cron' ? 0n : state.decidedAtMs;
    // Of an interval the monotonic clock counts the parts of a millisecond too.
    expect([0n, 1n, 999n]).toContain((state.nextStartAtMs - beat) % 1000n);
    await client.scheduleExecutable.disable({ meta: { name: 'tick' } });
    const atEnd = linesIn(ticks);
    expect(await stateOf(client, 'tick')).toMatchObject({ nextStartAtMs: 0n });
    expect(linesIn(ticks)).toBe(atEnd);
  });
});

describe('readiness', () => {
  it('by HTTP comes when the server says so, and what is after it waits for that', async () => {
    let status = 503;
    const server = createServer((_, response) => response.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const readiness = { check: { $case: 'http' as const, value: { port, path: '/healthz' } }, intervalMs: 10 };
    await client.scheduleExecutable.enable(fixture.sleeper('api', { criteria: { readiness } }));
    const after = [{ workload: { name: 'api' } }];
    await client.scheduleExecutable.enable(fixture.sleeper('page', { criteria: { after } }));
    const starting = await untilState(client, 'api', ({ message }) => message.includes('503'));
    expect(starting).toMatchObject({ status: STATUS_ACTIVE, ready: false });
    expect(await stateOf(client, 'page')).toMatchObject({
      status: STATUS_STANDBY,
      waitingFor: [{ name: 'api' }],
      message: expect.stringContaining('"api"'),
    });
    expect(fixture.runningOf('page')).toEqual([]);
    status = 200;
    await untilState(client, 'page', ({ ready }) => ready);
    expect(await stateOf(client, 'api')).toMatchObject({ ready: true, message: '' });
    server.close();
    server.closeAllConnections();
  });

  it('that does not come in time is a failure', async () => {
    const port = await freePort();
    const readiness = { check: { $case: 'tcp' as const, value: { port } }, intervalMs: 10 };
    const criteria = { readiness, readyWithinMs: 200 };
    await client.scheduleExecutable.enable(fixture.sleeper('slow', { criteria }));
    const state = await untilStatus(client, 'slow', STATUS_ERROR);
    expect(state.message).toContain('200 ms');
    expect(fixture.runningOf('slow')).toEqual([]);
  });
});

describe('liveness', () => {
  it('kills what hangs, and the policy starts it again', async () => {
    const well = join(fixture.root, 'well');
    writeFileSync(well, '');
    const check = { $case: 'exec' as const, value: { argv: ['/usr/bin/test', '-e', well] } };
    const liveness = { check, intervalMs: 10, failureThreshold: 2 };
    const restart = { mode: RESTART_MODE_ON_FAILURE, ...fast };
    await client.scheduleExecutable.enable(fixture.sleeper('hangs', { criteria: { liveness }, restart }));
    const [before] = fixture.runningOf('hangs');
    rmSync(well);
    await untilState(client, 'hangs', ({ restarts }) => restarts > 0);
    writeFileSync(well, '');
    await untilState(client, 'hangs', ({ ready, message }) => ready && message === '');
    const now = fixture.runningOf('hangs');
    expect(now).toHaveLength(1);
    expect(now[0]?.pid).not.toBe(before?.pid);
    expect((await typesOf('hangs')).slice(0, 5)).toEqual(['enabled', 'started', 'unwell', 'ended', 'restarting']);
  });
});
