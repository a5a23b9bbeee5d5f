import { afterEach, beforeEach, expect, it } from 'vitest';
import { meta, runtime } from '@aurae/proto';
import { eventually, openDescriptors, type Program } from './auraed-fixture.js';
import { cgroupsOf } from './executables-fixture.js';
import { historyOf, ScheduleFixture, shownSchedule, untilStatus } from './schedule-fixture.js';

const { STATUS_ACTIVE, STATUS_COMPLETE } = meta.Status;

let fixture: ScheduleFixture;
let daemon: Program;
beforeEach(async () => {
  fixture = new ScheduleFixture();
  daemon = await fixture.start();
});
afterEach(() => fixture[Symbol.asyncDispose]());

it('the end of the daemon leaves what is scheduled running, and the next ones take it on as it is', async () => {
  const client = fixture.client();
  const restart = { mode: runtime.RestartMode.RESTART_MODE_ALWAYS };
  for (const name of ['db', 'web']) await client.scheduleExecutable.enable(fixture.sleeper(name, { restart }));
  const before = fixture.running();
  expect(before).toHaveLength(2);
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    await daemon.kill(signal);
    expect(fixture.running()).toEqual(before);
    daemon = await fixture.start();
    const next = fixture.client();
    await untilStatus(next, 'web', STATUS_ACTIVE);
    await untilStatus(next, 'db', STATUS_ACTIVE);
    expect(fixture.running()).toEqual(before);
    expect(Array.from((await shownSchedule(next)).values(), ({ state }) => state.proc?.pid).sort()).toEqual(
      before.map(({ pid }) => pid).sort(),
    );
  }
  const last = fixture.client();
  const types = (await historyOf(last, 'web')).map(({ type }) => type);
  expect(types.slice(0, 3)).toEqual(['enabled', 'started', 'adopted']);
  // The note of the daemon that was killed may not have come to the disk.
  expect(new Set(types.slice(3))).toEqual(new Set(['adopted']));
  for (const name of ['db', 'web']) await last.scheduleExecutable.destroy({ meta: { name } });
  await fixture.leavesNothing();
});

it('what ended while no daemon was there is started again by the next one', async () => {
  const client = fixture.client();
  await client.scheduleExecutable.enable(fixture.sleeper('web'));
  const [before] = fixture.running();
  await daemon.kill('SIGKILL');
  process.kill(before?.pid ?? 0, 'SIGKILL');
  await eventually(() => fixture.leftovers().length === 0);
  daemon = await fixture.start();
  const next = fixture.client();
  const state = await untilStatus(next, 'web', STATUS_ACTIVE);
  expect(fixture.running()).toMatchObject([{ pid: state.proc?.pid, name: 'web' }]);
  await next.scheduleExecutable.destroy({ meta: { name: 'web' } });
});

it('300 workloads come and go, and nothing of them stays in the daemon or on the machine', async () => {
  const client = fixture.client();
  const cycle = async (name: string) => {
    const isShort = Number(name.slice(1)) % 2 === 0;
    await client.scheduleExecutable.enable(isShort ? fixture.spec(name, ['/bin/true']) : fixture.sleeper(name));
    if (isShort) await untilStatus(client, name, STATUS_COMPLETE);
    await client.scheduleExecutable.destroy({ meta: { name } });
  };
  for (let number = 0; number < 10; number++) await cycle(`n${number}`);
  const [descriptors, cgroups] = [openDescriptors(daemon.pid), cgroupsOf(fixture.cgroupParent).length];
  for (let from = 10; from < 310; from += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, index) => cycle(`n${from + index}`)));
  }
  expect(await shownSchedule(client)).toEqual(new Map());
  await fixture.leavesNothing();
  await eventually(() => openDescriptors(daemon.pid).length <= descriptors.length);
  expect(openDescriptors(daemon.pid)).toEqual(descriptors);
  expect(cgroupsOf(fixture.cgroupParent).length).toBeLessThanOrEqual(cgroups + 20);
  expect(await daemon.kill('SIGTERM')).toMatchObject({ code: 0 });
});
