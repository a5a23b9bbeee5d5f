import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { meta, type observe } from '@aurae/proto';
import { expect, it } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { ExecutablesFixture } from './executables-fixture.js';

const executable = (name: string) => ({ kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name });

/** Reads until one satisfies the condition, which then is the last. */
async function eventsUntil(
  client: AuraeClient,
  request: Parameters<AuraeClient['observe']['watchEvents']>[0],
  isLast: (event: observe.Event) => boolean,
): Promise<observe.Event[]> {
  const events: observe.Event[] = [];
  for await (const event of client.observe.watchEvents(request, { timeoutMs: 30_000 })) {
    events.push(event);
    if (isLast(event)) break;
  }
  return events;
}

const typesOf = (events: readonly observe.Event[]) => events.map(({ type }) => type);

it('what becomes of an executable is told in order, and what happened while no daemon ran is told by the next', async () => {
  await using fixture = new ExecutablesFixture();
  const first = await fixture.start();
  const client = fixture.client();
  const start = (name: string, script: string) =>
    client.runtime.executableStart({ meta: { name }, argv: ['/bin/sh', '-c', script], env: fixture.env });
  await start('quick', 'exit 3');
  const workloads = [executable('quick')];
  const told = await eventsUntil(client, { fromOldest: true, workloads }, ({ type }) => type === 'workload.ended');
  expect(typesOf(told)).toEqual(['workload.started', 'workload.ended']);
  expect(told[1]).toMatchObject({
    status: meta.Status.STATUS_COMPLETE,
    attributes: { exit_code: '3' },
    workload: executable('quick'),
  });
  expect(told.map(({ sequence }) => sequence)).toEqual([...told.map(({ sequence }) => sequence)].sort());

  const { proc } = await start('waits', 'exec sleep 1000');
  const long = { workloads: [executable('waits')], fromOldest: true };
  await eventsUntil(client, long, ({ type }) => type === 'workload.started' || type === 'workload.ended');
  const { newestEvent } = await client.observe.status();
  await first.kill('SIGKILL');
  await fixture.endExecutablesOf(fixture.root);
  expect(proc?.pid).toBeGreaterThan(0);

  await fixture.start();
  const again = fixture.client();
  const since = await eventsUntil(again, { afterSequence: newestEvent }, ({ type }) => type === 'workload.ended');
  expect(since[0]?.sequence).toBe(newestEvent + 1n);
  expect(typesOf(since)).toContain('daemon.started');
  expect(since.at(-1)?.workload).toEqual(executable('waits'));
  const all = await eventsUntil(
    again,
    { fromOldest: true, workloads: [executable('quick')], historyOnly: true },
    () => false,
  );
  expect(typesOf(all)).toEqual(['workload.started', 'workload.ended']);
}, 60_000);

it('a follower of a scheduled workload gets the lines of every run, and one who resumes gets each once', async () => {
  await using fixture = new ExecutablesFixture();
  await fixture.start();
  const client = fixture.client();
  const workload = executable('job');
  await client.scheduleExecutable.enable({
    meta: { name: 'job' },
    argv: ['/bin/sh', '-c', 'echo run; exit 1'],
    env: fixture.env,
    restart: { mode: 2, firstPauseMs: 1, longestPauseMs: 20 },
  });
  let last = { afterSequence: 0n, logId: '' };
  const sequences: bigint[] = [];
  for (let reader = 0; reader < 2; reader++) {
    for await (const { items, logId } of client.observe.getWorkloadLogStream({ workload, follow: true, ...last })) {
      sequences.push(...items.map(({ sequence }) => sequence));
      last = { afterSequence: sequences.at(-1) ?? 0n, logId };
      if (sequences.length >= 5 * (reader + 1)) break;
    }
  }
  expect(sequences).toEqual(sequences.map((_, index) => BigInt(index + 1)));
  expect(last.logId).not.toBe('');

  const following = (async () => {
    for await (const batch of client.observe.getWorkloadLogStream({ workload, follow: true, tail: 1 })) void batch;
    return 'ended';
  })();
  await client.scheduleExecutable.disable({ meta: { name: 'job' } });
  expect(await following).toBe('ended');
}, 60_000);

it('the levels of the daemon log change at run time, and usage tells of what lives', async () => {
  await using fixture = new ExecutablesFixture();
  await fixture.start();
  const client = fixture.client();
  await client.runtime.executableStart({ meta: { name: 'busy' }, argv: ['/usr/bin/yes'], env: fixture.env });
  const usageOf = async () => (await client.observe.getWorkloadUsage()).workloads[0];
  const first = await usageOf();
  expect(first).toMatchObject({ workload: executable('busy') });
  await eventually(async () => ((await usageOf())?.cpuUs ?? 0n) > (first?.cpuUs ?? 0n));
  await client.runtime.executableStop({ meta: { name: 'busy' } });
  expect((await client.observe.getWorkloadUsage()).workloads).toEqual([]);

  const levels = await client.observe.logLevelSet({ component: 'call', level: 'debug' });
  expect(levels.components.find(({ component }) => component === 'call')).toMatchObject({
    level: 'debug',
    isOwn: true,
  });
  await client.runtime.exec({ command: 'true' }, { callId: 'find-me' });
  const lines: observe.LogItem[] = [];
  for await (const item of client.observe.getAuraeDaemonLogStream({ backlogOnly: true, component: 'call' }))
    lines.push(item);
  expect(lines.some(({ fieldsJson }) => fieldsJson.includes('find-me'))).toBe(true);
  await expect(client.observe.logLevelSet({ component: 'nobody', level: 'debug' })).rejects.toThrow(/nobody/);
}, 60_000);

it('a daemon that comes after one that was killed says so, and one that comes after an orderly end does not', async () => {
  await using fixture = new ExecutablesFixture();
  const first = await fixture.start();
  await first.kill('SIGKILL');
  const second = await fixture.start();
  await second.kill('SIGTERM');
  await fixture.start();
  const request = { fromOldest: true, historyOnly: true, types: ['daemon.'] };
  const told = await eventsUntil(fixture.client(), request, () => false);
  expect(told.map(({ type, attributes }) => `${type} ${attributes['after_crash'] ?? ''}`.trim())).toEqual([
    'daemon.started',
    'daemon.started true',
    'daemon.stopped',
    'daemon.started',
  ]);
}, 60_000);

it('what waits for a log sink in the files counts as pending', async () => {
  await using fixture = new ExecutablesFixture();
  const sink = '[[log.sinks]]\nuse = "loki"\nfrom = ["workloads"]\noptions = { endpoint = "http://127.0.0.1:9" }\n';
  appendFileSync(join(fixture.root, 'etc/aurae/auraed.toml'), `\n${sink}`);
  await fixture.start();
  const client = fixture.client();
  const argv = ['/bin/sh', '-c', 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo $i; done'];
  await client.runtime.executableStart({ meta: { name: 'burst' }, argv, env: fixture.env });
  await eventually(async () => (await client.observe.status()).logSinks[0]?.pendingRecords === 30_000n);
}, 60_000);
