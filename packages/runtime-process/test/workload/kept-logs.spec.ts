import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, LogKeeper } from '@aurae/observe-logs';
import { type backend, callContext, meta, type observe, runtime } from '@aurae/proto';
import { expect, onTestFinished, test } from 'vitest';
import { Executables, parentOf, policy, reference } from './executables.js';
import { FakeLogKeeper } from './fake-log-keeper.js';

const { STATUS_COMPLETE, STATUS_UNKNOWN } = meta.Status;

const begin = Date.now();

/** Time that passes a hundred times as fast. */
const fastClock: Clock = {
  now: () => begin + (Date.now() - begin) * 100,
  sleep: (milliseconds, signal) => delay(milliseconds / 100, undefined, { signal }),
};

function logOf(executables: Executables): string {
  const workloads = join(executables.stateDir, 'workloads');
  return join(workloads, readdirSync(workloads)[0] ?? '', 'log');
}

async function numbersOf(batches: AsyncIterable<observe.LogBatch>, last: number): Promise<number> {
  let expected = 1;
  for await (const { items } of batches) {
    for (const { line, sequence, dropped } of items) {
      if (line !== String(expected) || sequence !== BigInt(expected) || dropped !== 0n) {
        expect.unreachable(`"${line}" (${sequence}, ${dropped} lost) in place of ${expected}`);
      }
      expected += 1;
    }
    if (expected > last) break;
  }
  return expected - 1;
}

test('through rotations at speed, taken over and compressed behind them, every reader gets every line once', async () => {
  const keeper = new LogKeeper({
    maximumBytes: 0,
    maximumBytesPerWorkload: 0,
    maximumAgeMs: 0,
    compress: true,
    clock: fastClock,
  });
  onTestFinished(() => keeper.dispose());
  keeper.start();
  const executables = await Executables.open({ logs: keeper, logSegmentBytes: 100_000, logSegments: 1000 });
  const last = 200_000;
  // In portions, so that compression goes on meanwhile.
  const script = `i=1; while [ $i -lt ${last} ]; do seq $i $((i + 9999)); i=$((i + 10000)); sleep 0.05; done`;
  await executables.start('web', ['sh', '-c', script]);
  const readers = [0, 1, 2].map(() => numbersOf(executables.follow('web'), last));
  expect(await Promise.all(readers)).toEqual([last, last, last]);
  await executables.becomes('web', STATUS_COMPLETE);
  const forms = () => readdirSync(logOf(executables)).filter((name) => /^\d/.test(name));
  const isTidy = () => forms().filter((name) => name.endsWith('.sealed.log.gz')).length === forms().length - 2;
  await expect.poll(isTidy, { timeout: 20_000 }).toBe(true);
  expect(forms().length).toBeGreaterThan(50);
  expect(await numbersOf(executables.follow('web'), last)).toBe(last);
  expect(keeper.status().notice).toBe('');
});

test('a log is kept from the start on, told of as its shim tells, and let go of before it is removed', async () => {
  const logs = new FakeLogKeeper();
  const executables = await Executables.open({ logs, logSegmentBytes: 100 });
  await executables.start('web', ['sh', '-c', 'read line; seq 1 100; read line'], { stdin: true });
  expect(logs.names).toEqual(['web']);
  const [kept] = logs.kept;
  expect(kept?.directory).toBe(logOf(executables));
  // The state that the connection asks for.
  await expect.poll(() => kept?.rotations).toBe(1);
  await executables.restart();
  expect(kept).toMatchObject({ releases: 1 });
  const adopted = logs.kept.at(-1);
  expect(logs.names).toEqual(['web']);
  const usage = await executables.processes.usage(callContext(), { names: ['web'] });
  expect(usage.workloads).toMatchObject([{ logBytes: 4711n }]);
  await executables.stop('web', { signal: 'KILL' });
  await executables.start('web', ['seq', '1', '1000']);
  await executables.becomes('web', STATUS_COMPLETE);
  await expect.poll(() => adopted?.rotations).toBeGreaterThan(1);
  expect(logs.kept).toHaveLength(2);
  let isReleased: () => void = () => undefined;
  if (adopted) adopted.releasing = new Promise((resolve) => (isReleased = resolve));
  const removal = executables.remove('web');
  await expect.poll(() => adopted?.releases).toBe(1);
  expect(existsSync(adopted?.directory ?? '')).toBe(true);
  isReleased();
  await removal;
  expect(adopted?.wasThere).toBe(true);
  expect(existsSync(adopted?.directory ?? '')).toBe(false);
  expect(logs.names).toEqual([]);
});

test('what is removed, or forgotten for others that ended, is told to those who watch', async () => {
  const executables = await Executables.open({ maxEndedExecutables: 1 });
  const over = new AbortController();
  const events: backend.WorkloadEvent[] = [];
  const watching = (async () => {
    for await (const event of executables.processes.watch(callContext({ signal: over.signal }))) events.push(event);
  })().catch(() => undefined);
  const told = () =>
    events.filter(({ removed }) => removed).map(({ workload, status }) => [workload?.name, status === STATUS_COMPLETE]);
  for (const name of ['one', 'two']) {
    await executables.start(name, ['true']);
    await executables.becomes(name, STATUS_COMPLETE);
  }
  await expect.poll(told).toEqual([['one', true]]);
  await executables.remove('two');
  await expect.poll(told).toEqual([
    ['one', true],
    ['two', true],
  ]);
  await executables.start('two', ['true']);
  await expect.poll(() => events.at(-1)).toMatchObject({ workload: { name: 'two' }, removed: false });
  over.abort();
  await watching;
});

test('events tell how often the policy has restarted a run', async () => {
  const executables = await Executables.open();
  const restart = policy(runtime.RestartMode.RESTART_MODE_ON_FAILURE, { maxRestarts: 2, firstPauseMs: 1 });
  const over = new AbortController();
  const events = executables.processes.watch(callContext({ signal: over.signal }));
  await executables.start('web', ['false'], { restart });
  const seen = new Set<number>();
  for await (const { restarts, status } of events) {
    seen.add(restarts);
    if (status === meta.Status.STATUS_ERROR) break;
  }
  expect([...seen]).toEqual([0, 1, 2]);
});

async function batchesOf(executables: Executables, request: Partial<observe.GetWorkloadLogStreamRequest>) {
  const full = { workload: reference('web'), channel: '', tail: 0, sinceMs: 0n, untilMs: 0n, follow: true } as const;
  const lines: string[] = [];
  let logId = '';
  const context = callContext();
  for await (const batch of executables.processes.readLog(context, {
    ...full,
    afterSequence: 0n,
    logId: '',
    ...request,
  })) {
    lines.push(...batch.items.map(({ line }) => line));
    ({ logId } = batch);
  }
  return { lines, logId };
}

test('a place in a log counts for that log alone: of one that was begun anew everything is read', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['seq', '1', '3']);
  const first = await batchesOf(executables, {});
  expect(first).toEqual({ lines: ['1', '2', '3'], logId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  const place = { afterSequence: 2n, logId: first.logId };
  expect(await batchesOf(executables, place)).toEqual({ lines: ['3'], logId: first.logId });
  await executables.remove('web');
  await executables.start('web', ['seq', '11', '13']);
  const anew = await batchesOf(executables, place);
  expect(anew.lines).toEqual(['11', '12', '13']);
  expect(anew.logId).not.toBe(first.logId);
  expect((await batchesOf(executables, { afterSequence: 2n })).lines).toEqual(['13']);
});

test('numbers go on after a shim was killed, though all that it had begun was taken over', async () => {
  const executables = await Executables.open({ logSegmentBytes: 100 });
  const { proc } = await executables.start('web', ['sh', '-c', 'seq 1 9; exec sleep 1000']);
  const log = logOf(executables);
  await expect.poll(() => readdirSync(log)).toContain('00000000000000000009.log');
  process.kill(await parentOf(proc?.pid ?? 0), 'SIGKILL');
  await executables.becomes('web', STATUS_UNKNOWN);
  for (const name of readdirSync(log)) {
    if (/^\d{20}\.log$/.test(name)) renameSync(join(log, name), join(log, name.replace('.log', '.sealed.log')));
  }
  await executables.start('web', ['echo', 'ten']);
  const items = await executables.items({ workload: reference('web') });
  expect(items.at(-1)).toMatchObject({ line: 'ten', sequence: 10n });
});
