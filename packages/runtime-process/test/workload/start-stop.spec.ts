import { readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlreadyExistsError, CancelledError, InvalidSpecError, meta, NotFoundError, runtime } from '@aurae/proto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Executables, isRunning, parentOf } from './executables.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR } = meta.Status;

test('start answers once the program runs, with its pid', async () => {
  const executables = await Executables.open();
  const status = await executables.start('web', ['sleep', '1000']);
  const pid = status.proc?.pid ?? 0;
  expect(status).toMatchObject({ status: STATUS_ACTIVE, meta: { name: 'web', message: '' } });
  expect(await realpath(`/proc/${pid}/exe`)).toBe(await realpath('/usr/bin/sleep'));
  expect(await executables.list(false)).toMatchObject([{ meta: { name: 'web' }, proc: { pid } }]);
});

test('what was started is no child of ours', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sleep', '1000']);
  const shim = await parentOf(proc?.pid ?? 0);
  expect(await readFile(`/proc/${shim}/comm`, 'utf8')).toBe('aurae-shim\n');
  expect(await parentOf(shim)).not.toBe(process.pid);
});

test('stop ends it and tells how it ended', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('web', ['sleep', '1000']);
  const status = await executables.stop('web');
  expect(status).toMatchObject({ status: STATUS_COMPLETE, exitCode: '143', signal: 15 });
  expect(status.meta?.message).toBe('Ended by SIGTERM. It was stopped.');
  expect(await isRunning(proc?.pid ?? 0)).toBe(false);
});

test('stop uses the stop signal of the executable, or that of the request', async () => {
  const executables = await Executables.open();
  await executables.start('one', ['sleep', '1000'], { stopSignal: 'QUIT' });
  await executables.start('two', ['sleep', '1000'], { stopSignal: 'QUIT' });
  expect(await executables.stop('one')).toMatchObject({ signal: 3 });
  expect(await executables.stop('two', { signal: 'SIGINT' })).toMatchObject({ signal: 2 });
});

test('after the grace period comes KILL', async () => {
  const executables = await Executables.open();
  await executables.start('stubborn', ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1000; done']);
  await firstLine(executables, 'stubborn');
  expect(await executables.stop('stubborn', { gracePeriodMs: 50 })).toMatchObject({ exitCode: '137', signal: 9 });
});

async function firstLine(executables: Executables, name: string): Promise<string> {
  for await (const { items } of executables.follow(name)) if (items[0]) return items[0].line;
  throw new Error(`"${name}" wrote nothing`);
}

test('stop reaches those that left the session and were given away by their parents', async () => {
  const executables = await Executables.open();
  const script = "setsid sh -c 'sleep 1000 & echo $!' & wait; exec sleep 1000";
  await executables.start('daemons', ['sh', '-c', script]);
  const lost = Number(await firstLine(executables, 'daemons'));
  expect(await isRunning(lost)).toBe(true);
  await executables.stop('daemons');
  expect(await isRunning(lost)).toBe(false);
});

test('a second stop while one goes on waits for the same end', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  const [one, other] = await Promise.all([executables.stop('web'), executables.stop('web')]);
  expect(one).toMatchObject({ signal: 15 });
  expect(other).toMatchObject({ signal: 15 });
});

test('stop and kill of what does not run are NOT_FOUND', async () => {
  const executables = await Executables.open();
  await expect(executables.stop('nothing')).rejects.toThrow(NotFoundError);
  await expect(executables.kill('nothing')).rejects.toThrow(/Cannot signal "nothing": there is no executable/);
  await executables.start('short', ['true']);
  await executables.becomes('short', STATUS_COMPLETE);
  await expect(executables.stop('short')).rejects.toThrow(/Cannot stop "short": it has ended already/);
});

test('kill sends the signal to the main process', async () => {
  const executables = await Executables.open();
  const script = 'trap "echo hup; exit 5" HUP; echo ready; while :; do sleep 0.01; done';
  await executables.start('web', ['sh', '-c', script]);
  await firstLine(executables, 'web');
  await executables.kill('web', 'hup');
  expect(await executables.becomes('web', STATUS_COMPLETE)).toMatchObject({ exitCode: '5' });
  expect(await executables.output('web')).toBe('ready\nhup\n');
});

test('kill without a signal is KILL', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await executables.kill('web');
  expect(await executables.becomes('web', STATUS_COMPLETE)).toMatchObject({ exitCode: '137' });
});

test('a signal that does not exist is refused', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await expect(executables.kill('web', 'NOPE')).rejects.toThrow(InvalidSpecError);
  await expect(executables.stop('web', { signal: 'NOPE' })).rejects.toThrow(InvalidSpecError);
  expect(await executables.status('web')).toMatchObject({ status: STATUS_ACTIVE });
});

test('a second start of a live name is ALREADY_EXISTS', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await expect(executables.start('web', ['sleep', '1000'])).rejects.toThrow(AlreadyExistsError);
});

test('of two starts of one name at once exactly one wins', async () => {
  const executables = await Executables.open();
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => executables.start('web', ['sleep', '1000'])),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AlreadyExistsError);
  }
});

test('a name can be started again once it has ended', async () => {
  const executables = await Executables.open();
  await executables.start('job', ['sh', '-c', 'echo one; exit 3']);
  expect(await executables.becomes('job', STATUS_COMPLETE)).toMatchObject({ exitCode: '3' });
  await executables.start('job', ['sh', '-c', 'echo two']);
  expect(await executables.becomes('job', STATUS_COMPLETE)).toMatchObject({ exitCode: '0' });
  expect(await executables.output('job')).toBe('one\ntwo\n');
  const items = await executables.items({ workload: { kind: 1, name: 'job' } });
  expect(items.map(({ sequence }) => sequence)).toEqual([1n, 2n]);
});

test.each([
  ['an unknown program', { argv: ['/nowhere/program'] }, 'ENOENT', /there is no such file/],
  ['an unknown name', { argv: ['no-such-program-anywhere'] }, 'ENOENT', /no such program on PATH/],
  ['a file without permission', { argv: ['/etc/passwd'] }, 'EACCES', /not an executable file/],
  ['a missing directory', { argv: ['true'], cwd: '/nowhere' }, 'ENOENT', /the working directory "\/nowhere"/],
  ['an unknown user', { argv: ['true'], user: 'nobody-at-all' }, 'ENOENT', /no user or group "nobody-at-all"/],
] as const)('a start of %s is an error without a trace', async (_, request, code, reason) => {
  const executables = await Executables.open();
  const { argv, ...rest } = request;
  const status = await executables.start('web', argv, rest);
  expect(status).toMatchObject({ status: STATUS_ERROR, errorCode: code, meta: { name: 'web' } });
  expect(status.meta?.message).toMatch(reason);
  expect(await executables.list()).toEqual([]);
  expect(await readdir(join(executables.stateDir, 'workloads'))).toEqual([]);
});

test('a start that finds no room for its files is an error that names them', async () => {
  const executables = await Executables.open();
  await executables.processes.adopt();
  await writeFile(join(executables.stateDir, 'workloads'), 'in the way');
  const status = await executables.start('web', ['true']);
  expect(status).toMatchObject({ status: STATUS_ERROR, errorCode: 'ENOTDIR' });
  expect(status.meta?.message).toMatch(/its status files could not be made: ENOTDIR \(.*record\.json\)/);
  await rm(join(executables.stateDir, 'workloads'));
});

test.each([
  ['a name with a slash', { meta: { name: 'a/b', message: '' }, command: 'true' }, 'meta.name'],
  ['a name of 10 KB', { meta: { name: 'x'.repeat(10_240), message: '' }, command: 'true' }, 'meta.name'],
  ['no command', { meta: { name: 'web', message: '' }, command: '' }, 'command'],
  ['a relative directory', { meta: { name: 'web', message: '' }, command: 'true', cwd: 'relative' }, 'cwd'],
  ['a wrong umask', { meta: { name: 'web', message: '' }, command: 'true', umask: '9' }, 'umask'],
  [
    'an unknown stop signal',
    { meta: { name: 'web', message: '' }, command: 'true', stopSignal: 'NOPE' },
    'stop_signal',
  ],
  [
    'an unknown limit',
    { meta: { name: 'web', message: '' }, command: 'true', processLimits: [{ name: 'x', soft: 0n, hard: 0n }] },
    'process_limits[0].name',
  ],
  [
    'a soft limit above the hard one',
    { meta: { name: 'web', message: '' }, command: 'true', processLimits: [{ name: 'core', soft: 2n, hard: 1n }] },
    'process_limits[0].soft',
  ],
  [
    'a huge terminal',
    { meta: { name: 'web', message: '' }, command: 'true', terminal: { rows: 70_000, columns: 1 } },
    'terminal',
  ],
  ['a wrong variable', { meta: { name: 'web', message: '' }, command: 'true', env: { 'A=B': 'x' } }, 'env.A'],
] satisfies [string, Partial<runtime.Executable>, string][])(
  '%s is refused, naming the field',
  async (_, request, field) => {
    const executables = await Executables.open();
    const refused = executables.start('', [], request);
    await expect(refused).rejects.toThrow(InvalidSpecError);
    await expect(refused).rejects.toMatchObject({ violations: [{ field }] });
    expect(await readdir(executables.stateDir)).not.toContain('workloads');
  },
);

test('a start that is cancelled leaves no trace', async () => {
  const executables = await Executables.open();
  await executables.processes.adopt();
  for (let round = 0; round < 30; round++) {
    const controller = new AbortController();
    const started = executables.start('web', ['sleep', '1000'], {}, controller.signal);
    await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new CancelledError('The caller went away'));
    const result = await started.catch((error: unknown) => error);
    if (result instanceof CancelledError) {
      // What is undone behind the answer is done before the next start of that name or the end.
      continue;
    }
    await executables.stop('web', { signal: 'KILL' });
  }
  await executables.restart();
  expect(await executables.list(false)).toEqual([]);
});

test('it runs with the environment, directory, user, mask and limits that were asked for', async () => {
  const executables = await Executables.open();
  const script =
    'echo "$GREETING $HOME"; pwd; id -un; umask; ulimit -n; ulimit -c; touch /proc/self/cwd/x 2>/dev/null; true';
  await executables.start('web', ['sh', '-c', script], {
    env: { GREETING: 'hello' },
    cwd: '/tmp',
    user: 'nobody',
    umask: '027',
    processLimits: [
      { name: 'nofile', soft: 77n, hard: 99n },
      { name: 'core', soft: 0n, hard: 0n },
    ],
  });
  await executables.becomes('web', STATUS_COMPLETE);
  expect(await executables.output('web')).toMatch(/^hello \/\S*\n\/tmp\nnobody\n0027\n77\n0\n$/);
});

test('a shell command is started as Exec runs it', async () => {
  const executables = await Executables.open();
  const status = await executables.start('', [], { command: 'echo "a b" | tr a-z A-Z' });
  expect(status.meta?.name).toBe('echo "a b" | tr a-z A-Z');
  await executables.becomes('echo "a b" | tr a-z A-Z', STATUS_COMPLETE);
  expect(await executables.output('echo "a b" | tr a-z A-Z')).toBe('A B\n');
});

test('the values of its environment are not shown to those who list', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000'], { env: { PASSWORD: 'secret' } });
  expect((await executables.status('web'))?.executable?.env).toEqual({ PASSWORD: '' });
});

test('its files are for its owner alone', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'echo x; exec sleep 1000']);
  const entries = await readdir(executables.stateDir, { recursive: true, withFileTypes: true });
  const modes = await Promise.all(entries.map(({ parentPath, name }) => stat(join(parentPath, name))));
  for (const { mode } of modes) expect(mode & 0o077).toBe(0);
});

test('an ended one is shown until it is removed, with its log', async () => {
  const executables = await Executables.open();
  await executables.start('job', ['true']);
  await executables.becomes('job', STATUS_COMPLETE);
  expect(await executables.list(false)).toEqual([]);
  await executables.remove('job');
  expect(await executables.list()).toEqual([]);
  expect(await readdir(join(executables.stateDir, 'workloads'))).toEqual([]);
  await expect(executables.remove('job')).rejects.toThrow(NotFoundError);
});

test('a start and a removal at once spoil nothing for each other', async () => {
  const executables = await Executables.open();
  for (let round = 0; round < 10; round++) {
    await executables.start('job', ['true']);
    await executables.becomes('job', STATUS_COMPLETE);
    const start = executables.start('job', ['sh', '-c', 'echo again; exec sleep 1000']);
    const [, started] = await Promise.allSettled([executables.remove('job'), start]);
    if (started.status === 'fulfilled') {
      expect(await firstLine(executables, 'job')).toBe('again');
      await executables.stop('job');
    } else {
      expect(started.reason).toBeInstanceOf(AlreadyExistsError);
    }
    await executables.remove('job').catch(() => undefined);
  }
});

test('a live one cannot be removed', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000']);
  await expect(executables.remove('web')).rejects.toThrow(/it still runs. Stop it first/);
});

test('the oldest of those that have ended are forgotten', async () => {
  const executables = await Executables.open({ maxEndedExecutables: 2 });
  for (const name of ['a', 'b', 'c']) {
    await executables.start(name, ['true']);
    await executables.becomes(name, STATUS_COMPLETE);
  }
  await expect.poll(async () => (await executables.list()).map((status) => status.meta?.name)).toEqual(['b', 'c']);
});

test('one that ended last is remembered, however long ago it was started', async () => {
  const executables = await Executables.open({ maxEndedExecutables: 2 });
  const gate = join(executables.stateDir, 'gate');
  await executables.start('long', ['sh', '-c', `until [ -e ${gate} ]; do sleep 0.01; done; exit 42`]);
  for (const name of ['a', 'b', 'c']) {
    await executables.start(name, ['true']);
    await executables.becomes(name, STATUS_COMPLETE);
  }
  await writeFile(gate, '');
  expect(await executables.becomes('long', STATUS_COMPLETE)).toMatchObject({ exitCode: '42' });
  await expect
    .poll(async () => (await executables.list()).map((status) => status.meta?.name).sort())
    .toEqual(['c', 'long']);
});

test('names that end, are forgotten and are started again at once lose nothing', async () => {
  const executables = await Executables.open({ maxEndedExecutables: 1 });
  const names = Array.from({ length: 8 }, (_, index) => `job-${index}`);
  for (let round = 0; round < 6; round++) {
    await Promise.all(
      names.map(async (name) => {
        await executables.start(name, ['sleep', '1000']);
        await executables.kill(name);
        // Ended or forgotten already.
        while (((await executables.status(name))?.status ?? STATUS_COMPLETE) !== STATUS_COMPLETE) await nextTurn();
      }),
    );
  }
  await executables.restart();
  expect(await executables.list(false)).toEqual([]);
});

test('no more live than the limit allows', async () => {
  const executables = await Executables.open({ maxExecutables: 1 });
  await executables.start('a', ['sleep', '1000']);
  await expect(executables.start('b', ['sleep', '1000'])).rejects.toThrow(/1 executables live already/);
});

test('a process that became a daemon is the executable from then on', async () => {
  const executables = await Executables.open();
  const gate = join(executables.stateDir, 'gate');
  const script = `(sleep 1000; exit 4) & until [ -e ${gate} ]; do sleep 0.01; done`;
  const first = await executables.start('daemon', ['sh', '-c', script]);
  await writeFile(gate, '');
  await expect.poll(async () => (await executables.status('daemon'))?.proc?.pid).not.toBe(first.proc?.pid);
  expect(await executables.status('daemon')).toMatchObject({ status: STATUS_ACTIVE });
  expect(await executables.stop('daemon')).toMatchObject({ status: STATUS_COMPLETE });
});

test('what a failed main process leaves behind ends with it', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'sleep 1000 & echo $!; exit 1']);
  const left = Number(await firstLine(executables, 'web'));
  expect(await executables.becomes('web', STATUS_COMPLETE)).toMatchObject({ exitCode: '1' });
  expect(await isRunning(left)).toBe(false);
});

test('a runtime without a state directory runs commands and starts nothing', async () => {
  const { ProcessRuntime } = await import('../../src/index.js');
  const { callContext } = await import('@aurae/proto');
  await using processes = new ProcessRuntime();
  const executable = runtime.Executable.fromPartial({ command: 'true' });
  expect(await processes.exec(callContext(), executable)).toMatchObject({ exitCode: '0' });
  await expect(processes.start(callContext(), executable)).rejects.toThrow(/made without a "stateDir"/);
});
