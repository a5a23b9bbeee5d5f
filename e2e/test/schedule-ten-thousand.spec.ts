import { readFileSync } from 'node:fs';
import type { AuraeClient } from '@aurae/client';
import { meta, type runtime, type schedule } from '@aurae/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, type Program } from './auraed-fixture.js';
import { applyAll, type ExecutableSpec, executableRecord, ScheduleFixture } from './schedule-fixture.js';

const count = 10_000;
const runningCount = 200;
const waitingCount = 3_000;
/** Measured: some 240 MiB. */
const mostMemoryMiB = 512;
/** Measured: below 1 s, with other tests beside this one. */
const longestStatusMs = 5_000;

const { STATUS_ACTIVE, STATUS_STANDBY } = meta.Status;
const yearly: ExecutableSpec = {
  criteria: { timer: { when: { $case: 'cron', value: { expression: '0 0 1 1 *', timeZone: 'UTC' } } } },
};
const behindGate: ExecutableSpec = { criteria: { after: [{ workload: { name: 'gate' } }] } };

let fixture: ScheduleFixture;
let daemon: Program;
beforeAll(async () => {
  fixture = new ScheduleFixture();
  daemon = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

function records(): runtime.DeepPartial<schedule.ScheduleRecord>[] {
  const enabled = Array.from({ length: count }, (_, index) => {
    const criteria = index < runningCount ? {} : index < runningCount + waitingCount ? behindGate : yearly;
    return executableRecord(fixture.sleeper(`workload-${String(index).padStart(5, '0')}`, criteria));
  });
  return [...enabled, executableRecord(fixture.sleeper('gate'), true)];
}

function memoryMiB(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function pagesOf(client: AuraeClient, pageSize: number): Promise<schedule.ScheduledWorkload[]> {
  const all: schedule.ScheduledWorkload[] = [];
  for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
    const page: schedule.ShowEnabledResponse = await client.schedule.showEnabled({ pageSize, pageToken });
    expect(page.workloads.length).toBeLessThanOrEqual(pageSize);
    expect(page.Executables).toHaveLength(page.workloads.length);
    all.push(...page.workloads);
    pageToken = page.nextPageToken || undefined;
  }
  return all;
}

/** Asks for the status over and over until the work is done. Milliseconds of the slowest answer. */
async function slowestStatus(client: AuraeClient, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  let slowest = 0;
  do {
    const from = performance.now();
    await client.observe.status();
    slowest = Math.max(slowest, performance.now() - from);
  } while (!isOver);
  await over;
  return slowest;
}

async function exported(client: AuraeClient): Promise<schedule.ScheduleRecord[]> {
  const all: schedule.ScheduleRecord[] = [];
  for await (const { records: some } of client.schedule.export()) all.push(...some);
  return all;
}

it(`${count} enabled workloads are applied, start with the daemon, are listed, exported and destroyed`, async () => {
  const asked = records();
  const client = fixture.client();
  const done = (await applyAll(client, asked)).filter((answer) => answer.done);
  expect(done).toHaveLength(count + 1);
  await eventually(async () => {
    await client.observe.status();
    return fixture.running().length === runningCount;
  });
  client.close();

  await daemon.kill('SIGKILL');
  daemon = await fixture.start();
  const next = fixture.client();
  const listing = (async () => {
    const whole = (await next.schedule.showEnabled()).workloads;
    return { whole, paged: await pagesOf(next, 999), kept: await exported(next) };
  })();
  const slowest = await slowestStatus(next, listing);
  expect(slowest).toBeLessThan(longestStatusMs);
  const { whole, paged, kept } = await listing;
  const names = asked.slice(0, count).map((_, index) => `workload-${String(index).padStart(5, '0')}`);
  expect(whole.map(({ workload }) => workload?.name)).toEqual(names);
  expect(paged.map(({ workload }) => workload?.name)).toEqual(names);
  expect(kept).toHaveLength(count + 1);
  expect(kept.filter(({ disabled }) => disabled)).toHaveLength(1);
  expect(kept.every(({ workload }) => workload?.$case === 'executable' && workload.value.env['AURAE_TEST_NAME'])).toBe(
    true,
  );
  await eventually(async () => {
    const { workloads } = await next.schedule.showEnabled();
    return workloads.filter(({ status }) => status === STATUS_ACTIVE).length === runningCount;
  });
  const { workloads } = await next.schedule.showEnabled();
  expect(workloads.filter(({ status }) => status === STATUS_STANDBY)).toHaveLength(count - runningCount);
  expect(workloads.filter(({ nextStartAtMs }) => nextStartAtMs > 0n)).toHaveLength(count - runningCount - waitingCount);
  expect(fixture.running()).toHaveLength(runningCount);
  expect(memoryMiB()).toBeLessThan(mostMemoryMiB);

  const gone = await applyAll(next, [], { prune: true });
  expect(gone.filter((answer) => answer.done)).toHaveLength(count + 1);
  expect((await next.schedule.showEnabled()).workloads).toEqual([]);
  await fixture.leavesNothing();
}, 240_000);
