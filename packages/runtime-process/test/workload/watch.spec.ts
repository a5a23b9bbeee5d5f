import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AlreadyExistsError, type backend, callContext, meta, runtime } from '@aurae/proto';
import { expect, onTestFinished, test } from 'vitest';
import { Executables, longPause, policy } from './executables.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY } = meta.Status;
const { RESTART_MODE_ALWAYS } = runtime.RestartMode;

/** The events of a watch, one after the other. */
class Watcher {
  private readonly events: AsyncIterator<backend.WorkloadEvent>;

  constructor(executables: Executables) {
    const over = new AbortController();
    this.events = executables.processes.watch(callContext({ signal: over.signal }))[Symbol.asyncIterator]();
    onTestFinished(async () => {
      over.abort();
      await this.events.return?.(undefined);
    });
  }

  async next(): Promise<backend.WorkloadEvent> {
    const { value, done } = await this.events.next();
    if (done) throw new Error('the watch has ended');
    return value;
  }

  /** What is known when it begins. */
  async known(): Promise<backend.WorkloadEvent[]> {
    return this.until(({ inSync }) => inSync);
  }

  /** Those before the one that is waited for. */
  async until(isLast: (event: backend.WorkloadEvent) => boolean): Promise<backend.WorkloadEvent[]> {
    const events: backend.WorkloadEvent[] = [];
    for (let event = await this.next(); !isLast(event); event = await this.next()) events.push(event);
    return events;
  }
}

const exits = (code: number) => ['sh', '-c', `exit ${code}`];

test('a watch first tells of each that is known, living or ended, then that this was all', async () => {
  const executables = await Executables.open();
  await executables.start('job', exits(3), { labels: { role: 'batch' } });
  await executables.becomes('job', STATUS_COMPLETE);
  const { proc, startedAtMs } = await executables.start('web', ['sleep', '1000'], { labels: { role: 'site' } });
  const known = await new Watcher(executables).known();
  expect(known).toMatchObject([
    { workload: { name: 'job' }, status: STATUS_COMPLETE, exitCode: '3', labels: { role: 'batch' }, stopped: false },
    { workload: { name: 'web' }, status: STATUS_ACTIVE, proc, startedAtMs, labels: { role: 'site' }, stopped: false },
  ]);
  expect(startedAtMs).toBeGreaterThan(0n);
});

test('without any workload it is in sync at once', async () => {
  const watcher = new Watcher(await Executables.open());
  expect(await watcher.next()).toMatchObject({ inSync: true, workload: undefined });
});

test('then it tells of each change once, in order', async () => {
  const executables = await Executables.open();
  const watcher = new Watcher(executables);
  await watcher.known();
  const { proc, startedAtMs } = await executables.start('web', ['sleep', '1000']);
  await executables.stop('web');
  await executables.start('last', ['true']);
  const changes = await watcher.until(({ workload }) => workload?.name === 'last');
  const base = { workload: { name: 'web' }, proc, startedAtMs, inSync: false };
  expect(changes).toMatchObject([
    { ...base, status: STATUS_ACTIVE, stopped: false },
    { ...base, status: STATUS_ACTIVE, stopped: true, message: 'It is being stopped.' },
    { ...base, status: STATUS_COMPLETE, stopped: true, signal: 15, exitCode: '143' },
  ]);
});

test('each end is told with the labels of its own run, though the next start follows at once', async () => {
  const executables = await Executables.open();
  const watcher = new Watcher(executables);
  await watcher.known();
  const runs = 20;
  for (let run = 0; run < runs; run++) {
    await startAsSoonAsPossible(executables, run);
  }
  await executables.becomes('job', STATUS_COMPLETE);
  await executables.start('last', ['true']);
  const changes = await watcher.until(({ workload }) => workload?.name === 'last');
  const told = changes.map(({ labels, status, exitCode }) => [labels['run'], status, exitCode]);
  const expected = Array.from({ length: runs }, (_, run) => [
    [String(run), STATUS_ACTIVE, ''],
    [String(run), STATUS_COMPLETE, String(run)],
  ]);
  expect(told).toEqual(expected.flat());
});

/** As soon as the run before has ended: not even a watcher comes between the two. */
async function startAsSoonAsPossible(executables: Executables, run: number): Promise<void> {
  for (;;) {
    try {
      await executables.start('job', exits(run), { labels: { run: String(run) } });
      return;
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      await nextTurn();
    }
  }
}

test('one that waits for its restart is on standby, and a stop ends that', async () => {
  const executables = await Executables.open();
  const watcher = new Watcher(executables);
  await watcher.known();
  await executables.start('web', exits(1), { restart: policy(RESTART_MODE_ALWAYS, longPause) });
  await executables.becomes('web', STATUS_STANDBY);
  await executables.stop('web');
  await executables.start('last', ['true']);
  expect(await watcher.until(({ workload }) => workload?.name === 'last')).toMatchObject([
    { status: STATUS_ACTIVE, stopped: false },
    { status: STATUS_STANDBY, stopped: false },
    { status: STATUS_COMPLETE, stopped: true, exitCode: '1' },
  ]);
});

test('its own restarts are told one by one, with the labels', async () => {
  const executables = await Executables.open();
  const watcher = new Watcher(executables);
  await watcher.known();
  const restart = policy(RESTART_MODE_ALWAYS, { maxRestarts: 2, firstPauseMs: 1 });
  await executables.start('web', exits(1), { restart, labels: { role: 'site' } });
  await executables.becomes('web', STATUS_ERROR);
  await executables.start('last', ['true']);
  const changes = await watcher.until(({ workload }) => workload?.name === 'last');
  expect(changes.map(({ status }) => status)).toEqual([
    STATUS_ACTIVE,
    STATUS_STANDBY,
    STATUS_ACTIVE,
    STATUS_STANDBY,
    STATUS_ACTIVE,
    STATUS_ERROR,
  ]);
  expect(changes.every(({ labels }) => labels['role'] === 'site')).toBe(true);
});

test('nothing is lost or told twice between what is known and what changes', async () => {
  const executables = await Executables.open();
  const names = Array.from({ length: 12 }, (_, index) => `job-${index}`);
  const starting = Promise.all(names.map((name) => executables.start(name, exits(7))));
  const watchers = names.map(() => new Watcher(executables));
  const told = watchers.map(async (watcher) => {
    const ended = new Map<string, number>();
    while (ended.size < names.length) {
      const { workload, status } = await watcher.next();
      if (workload && status === STATUS_COMPLETE) ended.set(workload.name, (ended.get(workload.name) ?? 0) + 1);
    }
    return [...ended.values()];
  });
  await starting;
  for (const ends of await Promise.all(told)) expect(ends).toEqual(names.map(() => 1));
});

test('a runtime that adopts tells what was stopped and what was not', async () => {
  const executables = await Executables.open();
  await executables.start('stopped', ['sleep', '1000'], { labels: { role: 'site' } });
  await executables.start('ended', exits(4));
  await executables.start('running', ['sleep', '1000']);
  await executables.stop('stopped');
  await executables.becomes('ended', STATUS_COMPLETE);
  await executables.restart();
  const known = await new Watcher(executables).known();
  const byName = Object.fromEntries(known.map((event) => [event.workload?.name, event]));
  expect(byName).toMatchObject({
    stopped: { status: STATUS_COMPLETE, stopped: true, signal: 15, labels: { role: 'site' } },
    ended: { status: STATUS_COMPLETE, stopped: false, exitCode: '4' },
    running: { status: STATUS_ACTIVE, stopped: false },
  });
});

test('what held an earlier run down does not make the next one a stopped one', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await executables.stop('web');
  await executables.start('web', exits(5));
  await executables.becomes('web', STATUS_COMPLETE);
  const workloads = join(executables.stateDir, 'workloads');
  const [digest = ''] = await readdir(workloads);
  // As a daemon leaves it that is killed just after the start.
  await writeFile(join(workloads, digest, 'held'), '1');
  await executables.restart();
  expect(await executables.status('web')).toMatchObject({ exitCode: '5', stopped: false });
});
