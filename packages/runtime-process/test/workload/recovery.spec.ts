import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callContext, meta, observe, runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { Executables, isRunning, longPause, parentOf, policy, reference, testParent } from './executables.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_STANDBY, STATUS_UNKNOWN } = meta.Status;
const { RESTART_MODE_ALWAYS } = runtime.RestartMode;

test('the next runtime takes over what runs: pid, name, log and end', async () => {
  const executables = await Executables.open();
  const script = 'echo before; trap "echo after; exit 7" HUP; while :; do sleep 0.01; done';
  const { proc, startedAtMs } = await executables.start('web', ['sh', '-c', script]);
  await executables.restart();
  expect(await executables.status('web')).toMatchObject({ status: STATUS_ACTIVE, proc, startedAtMs });
  await executables.kill('web', 'HUP');
  expect(await executables.becomes('web', STATUS_COMPLETE)).toMatchObject({ exitCode: '7', proc });
  expect(await executables.output('web')).toBe('before\nafter\n');
});

test('it learns how those ended that ended meanwhile', async () => {
  const executables = await Executables.open();
  const gate = join(executables.stateDir, 'gate');
  const script = `until [ -e ${gate} ]; do sleep 0.01; done; echo last; exit 9`;
  const { proc } = await executables.start('job', ['sh', '-c', script]);
  await executables.processes.dispose();
  await writeFile(gate, '');
  await expect.poll(() => isRunning(proc?.pid ?? 0)).toBe(false);
  executables.processes = executables.runtime();
  expect(await executables.becomes('job', STATUS_COMPLETE)).toMatchObject({ exitCode: '9', proc });
  expect(await executables.output('job')).toBe('last\n');
});

const program = fileURLToPath(new URL('../fixtures/start-until-killed.mjs', import.meta.url));

/** Runs it until it has started so many and a little longer, kills it, and answers with the names it told of. */
async function startedUntilKilled(stateDir: string, count: number, extraMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, stateDir, testParent], { stdio: ['ignore', 'pipe', 'inherit'] });
  const names: string[] = [];
  for await (const name of createInterface(child.stdout)) {
    names.push(name);
    if (names.length === count) setTimeout(() => child.kill('SIGKILL'), extraMs);
  }
  return names;
}

test.each([0, 1, 2, 3, 5, 8])(
  'after kill -9 in the middle of starts nothing is lost (%i ms later)',
  async (extraMs) => {
    const executables = await Executables.open();
    await executables.processes.dispose();
    const names = await startedUntilKilled(executables.stateDir, 5, extraMs);
    executables.processes = executables.runtime();
    await executables.processes.adopt();
    for (const name of names) {
      const number = Number(name.split('-')[1]);
      const status = await executables.becomes(name, STATUS_COMPLETE);
      expect(status.exitCode).toBe(String(number % 100));
      const items = await executables.items({ workload: reference(name) });
      expect(items.map(({ line }) => line)).toEqual(
        Array.from({ length: number * 10 }, (_, index) => String(index + 1)),
      );
      expect(items.map(({ sequence }) => Number(sequence))).toEqual(items.map((_, index) => index + 1));
    }
    // At most the one whose start was going on is there besides.
    const others = (await executables.list()).filter((status) => !names.includes(status.meta?.name ?? ''));
    expect(others.length).toBeLessThan(2);
    for (const other of others) await executables.becomes(other.meta?.name ?? '', STATUS_COMPLETE);
  },
);

test('two runtimes cannot have one state directory', async () => {
  const executables = await Executables.open();
  await executables.processes.adopt();
  const other = executables.runtime();
  await expect(other.adopt()).rejects.toThrow(/another program keeps its executables there now/);
  expect((await other.describe()).health).toMatchObject({ state: meta.HealthState.HEALTH_STATE_DEGRADED });
  await other.dispose();
});

test('where the shim was killed the end is UNKNOWN, and nothing runs on', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sh', '-c', 'setsid sleep 1000 & echo $!; exec sleep 1000']);
  const [item] = (await firstBatch(executables, 'web')).items;
  process.kill(await parentOf(proc?.pid ?? 0), 'SIGKILL');
  const status = await executables.becomes('web', STATUS_UNKNOWN);
  expect(status).toMatchObject({ proc, exitCode: '' });
  expect(status.meta?.message).toMatch(/How it ended is not known: its shim \(pid \d+\) was killed/);
  expect(await isRunning(proc?.pid ?? 0)).toBe(false);
  expect(await isRunning(Number(item?.line))).toBe(false);
  expect(await readdir(join(executables.stateDir, 'sockets'))).toEqual([]);
});

test('nothing is left of a start whose shim is killed by what it starts', async () => {
  const executables = await Executables.open();
  for (let round = 0; round < 20; round++) {
    const pidFile = join(executables.stateDir, `pid-${round}`);
    const script = `echo $$ > ${pidFile}; kill -9 $PPID; exec sleep 1000`;
    // Either the start fails, or it has come about and its end is not known.
    const isStarted = await executables.start('web', ['sh', '-c', script]).then(
      ({ status }) => status === STATUS_ACTIVE,
      () => false,
    );
    if (isStarted) await executables.becomes('web', STATUS_UNKNOWN);
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
    if (pid > 0) expect(await isRunning(pid), `round ${round}`).toBe(false);
  }
});

test('the same, when nobody saw it', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sleep', '1000']);
  await executables.processes.dispose();
  process.kill(await parentOf(proc?.pid ?? 0), 'SIGKILL');
  executables.processes = executables.runtime();
  expect(await executables.becomes('web', STATUS_UNKNOWN)).toMatchObject({ proc });
  expect(await isRunning(proc?.pid ?? 0)).toBe(false);
});

async function firstBatch(executables: Executables, name: string): Promise<observe.LogBatch> {
  for await (const batch of executables.follow(name)) return batch;
  throw new Error(`"${name}" wrote nothing`);
}

test('an end that is told has been written down', async () => {
  const executables = await Executables.open();
  for (let round = 1; round <= 30; round++) {
    await executables.start('job', ['true']);
    while ((await executables.status('job'))?.status !== STATUS_COMPLETE) await nextTurn();
    const workload = await only(join(executables.stateDir, 'workloads'));
    expect(await readdir(join(executables.stateDir, 'workloads', workload, 'runs', String(round)))).toContain('exit');
  }
});

test('a name whose end is not known can be started again, and its log goes on', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sh', '-c', 'echo one; exec sleep 1000']);
  await firstBatch(executables, 'web');
  process.kill(await parentOf(proc?.pid ?? 0), 'SIGKILL');
  await executables.becomes('web', STATUS_UNKNOWN);
  await executables.start('web', ['echo', 'two']);
  await executables.becomes('web', STATUS_COMPLETE);
  const items = await executables.items({ workload: reference('web') });
  expect(items.map(({ line, sequence }) => [line, sequence])).toEqual([
    ['one', 1n],
    ['two', 2n],
  ]);
});

test('a process that merely has the pid of an orphan is not touched', async () => {
  const executables = await Executables.open();
  const innocent = spawn('sleep', ['1000'], { stdio: 'ignore' });
  try {
    const { proc } = await executables.start('web', ['sleep', '1000']);
    await executables.processes.dispose();
    const shim = await parentOf(proc?.pid ?? 0);
    process.kill(shim, 'SIGKILL');
    // As if the numbers of both had been used again since.
    const path = join(
      executables.stateDir,
      'workloads',
      await only(join(executables.stateDir, 'workloads')),
      'runs/1/state',
    );
    const state = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...state, pid: innocent.pid, shimPid: innocent.pid }));
    executables.processes = executables.runtime();
    await executables.becomes('web', STATUS_UNKNOWN);
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
    expect(await isRunning(innocent.pid ?? 0)).toBe(true);
    // The real one is found by the mark in its environment.
    expect(await isRunning(proc?.pid ?? 0)).toBe(false);
  } finally {
    innocent.kill('SIGKILL');
    await once(innocent, 'exit');
  }
});

async function only(directory: string): Promise<string> {
  const [name = '', ...others] = await readdir(directory);
  expect(others).toEqual([]);
  return name;
}

test('sockets that were removed do not keep it from being stopped, now or later', async () => {
  const executables = await Executables.open();
  await executables.start('one', ['sleep', '1000']);
  await executables.start('two', ['sleep', '1000']);
  await rm(join(executables.stateDir, 'sockets'), { recursive: true });
  expect(await executables.stop('one')).toMatchObject({ signal: 15 });
  await executables.restart();
  expect(await executables.status('two')).toMatchObject({ status: STATUS_ACTIVE });
  expect(await executables.stop('two')).toMatchObject({ signal: 15 });
});

test('a run whose files were removed is still seen to its end', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await rm(join(executables.stateDir, 'workloads'), { recursive: true });
  expect(await executables.stop('web')).toMatchObject({ status: STATUS_COMPLETE, signal: 15 });
  // Without a place for the status the shim stays until somebody has heard it.
  await expect.poll(() => readdir(join(executables.stateDir, 'sockets'))).toEqual([]);
});

test('what a killed program has left of a start that never was is removed', async () => {
  const executables = await Executables.open();
  const run = join(executables.stateDir, 'workloads/0123456789abcdef0123456789abcdef/runs/1');
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'record.json'), '{"vers');
  expect(await executables.list()).toEqual([]);
  expect(await readdir(join(executables.stateDir, 'workloads'))).toEqual([]);
});

test('a run that cannot be taken over is left alone, and its name is not given to another', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sleep', '1000']);
  await executables.processes.dispose();
  const workloads = join(executables.stateDir, 'workloads');
  const record = join(workloads, await only(workloads), 'runs/1/record.json');
  const text = await readFile(record, 'utf8');
  await writeFile(record, '{"damaged');
  executables.processes = executables.runtime();
  await expect(executables.start('web', ['sleep', '1000'])).rejects.toThrow(
    /could not be taken over, and may still run/,
  );
  expect(await isRunning(proc?.pid ?? 0)).toBe(true);
  await writeFile(record, text);
  await executables.restart();
  expect(await executables.status('web')).toMatchObject({ status: STATUS_ACTIVE, proc });
});

test('a FIFO in the place of a file holds up nobody', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await executables.processes.dispose();
  const workloads = join(executables.stateDir, 'workloads');
  const run = join(workloads, await only(workloads), 'runs/1');
  for (const name of ['exit', 'state.new']) execFileSync('mkfifo', [join(run, name)]);
  executables.processes = executables.runtime();
  expect(await executables.status('web')).toMatchObject({ status: STATUS_ACTIVE });
  expect(await executables.stop('web')).toMatchObject({ signal: 15 });
});

test('a lock that somebody else has taken does not make a dead shim alive', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sleep', '1000']);
  const workloads = join(executables.stateDir, 'workloads');
  const record = join(workloads, await only(workloads), 'runs/1/record.json');
  const shim = await parentOf(proc?.pid ?? 0);
  const thief = spawn('flock', [record, 'sleep', '1000'], { stdio: 'ignore', detached: true });
  try {
    process.kill(shim, 'SIGKILL');
    await executables.becomes('web', STATUS_UNKNOWN);
  } finally {
    process.kill(-(thief.pid ?? 0), 'SIGKILL');
    await once(thief, 'exit');
  }
});

test('the next runtime goes on with a restart that was due', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'echo run; exit 1'], { restart: policy(RESTART_MODE_ALWAYS) });
  await executables.becomes('web', STATUS_STANDBY);
  await executables.restart();
  await expect.poll(async () => (await executables.status('web'))?.restarts).toBeGreaterThan(1);
});

test('one that was stopped while it waited stays down', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'exit 1'], { restart: policy(RESTART_MODE_ALWAYS, longPause) });
  expect(await executables.becomes('web', STATUS_STANDBY)).toMatchObject({ stopped: false });
  expect(await executables.stop('web')).toMatchObject({ stopped: true });
  expect(await executables.status('web')).toMatchObject({ status: STATUS_COMPLETE, exitCode: '1', stopped: true });
  await executables.restart();
  expect(await executables.status('web')).toMatchObject({ status: STATUS_COMPLETE, exitCode: '1', stopped: true });
});

test('the log of a process is found by its pid, also later', async () => {
  const executables = await Executables.open();
  const { proc: first } = await executables.start('job', ['sh', '-c', 'echo one; echo err >&2']);
  await executables.becomes('job', STATUS_COMPLETE);
  const { proc: second } = await executables.start('job', ['sh', '-c', 'echo two']);
  await executables.becomes('job', STATUS_COMPLETE);
  expect(await linesOf(executables, first?.pid, 0)).toEqual(['one']);
  await executables.restart();
  expect(await linesOf(executables, first?.pid, 1)).toEqual(['err']);
  expect(await linesOf(executables, second?.pid, 0)).toEqual(['two']);
  await expect(linesOf(executables, 1, 0)).rejects.toThrow(/Cannot stream the output of process 1/);
});

async function linesOf(executables: Executables, pid: number | undefined, channelType: number): Promise<string[]> {
  const request = observe.GetSubProcessStreamRequest.fromPartial({ processId: BigInt(pid ?? 0), channelType });
  const lines: string[] = [];
  for await (const { items } of executables.processes.readProcessLog(callContext(), request)) {
    lines.push(...items.map(({ line }) => line));
  }
  return lines;
}
