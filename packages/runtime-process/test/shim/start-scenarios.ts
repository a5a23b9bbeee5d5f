import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../temporary-directory.js';
import { readLog } from './log-records.js';
import { frameType } from './shim-connection.js';
import type { ShimProgram } from './shim-program.js';
import { startHeldShim, startShim } from './shim-run.js';

const trampoline = fileURLToPath(new URL('../../build/Release/aurae-exec', import.meta.url));
const step = { directory: 8, exec: 9, user: 10, settings: 13, cgroup: 14, log: 15, socket: 16, files: 18, limit: 19 };
const errno = { noEntry: 2, tooBig: 7, denied: 13, exists: 17, notDirectory: 20, invalid: 22, notPermitted: 1 };

function childrenOf(pid = 0): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').slice(0, -1);
}

export function startScenarios(shim: () => ShimProgram): void {
  test('a command runs to its end, and its status and output stay', async () => {
    const run = startShim(shim(), ['sh', '-c', 'echo out; echo err >&2; printf rest; exit 7']);
    const { pid, shimPid } = await run.started();
    const exit = await run.exit();
    expect(exit).toMatchObject({
      pid,
      shimPid,
      code: 7,
      signal: 0,
      stopped: 0,
      logFirstSequence: 1,
      logNextSequence: 4,
    });
    expect([run.logged('stdout'), run.logged('stderr')]).toEqual(['out\nrest', 'err\n']);
    expect(run.files()).toEqual(['exit', 'log', 'state']);
  });

  test('a death by a signal is told as one', async () => {
    const exit = await startShim(shim(), ['sh', '-c', 'kill -USR2 $$']).exit();
    expect(exit).toMatchObject({ code: -1, signal: 12 });
  });

  const failures: readonly [string, readonly string[], Record<string, string>, string][] = [
    ['a program that is not there', ['/nowhere/program'], {}, `error ${step.exec} ${errno.noEntry} /nowhere/program`],
    ['a program that is no program', ['/etc/passwd'], {}, `error ${step.exec} ${errno.denied} /etc/passwd`],
    ['a missing working directory', ['true'], { cwd: '/nowhere' }, `error ${step.directory} ${errno.noEntry} /nowhere`],
    [
      'an unknown user',
      ['true'],
      { user: 'no-such-user', trampoline },
      `error ${step.user} ${errno.noEntry} no-such-user`,
    ],
    ['a missing trampoline', ['true'], { user: userInfo().username, trampoline: '/nowhere' }, 'error 12 2 /nowhere'],
    [
      'an unknown setting',
      ['true'],
      { colour: 'red' },
      `error ${step.settings} ${errno.invalid} there is no setting "colour"`,
    ],
    [
      'a limit above what is allowed',
      ['true'],
      { limit: '7:1:9000000000' },
      `error ${step.limit} ${errno.notPermitted} limit=7:1:9000000000`,
    ],
    [
      'a cgroup without a parent',
      ['true'],
      { cgroup: '/nowhere/cgroup' },
      `error ${step.cgroup} ${errno.noEntry} /nowhere/cgroup`,
    ],
    [
      'a log that cannot be a directory',
      ['true'],
      { log: '/dev/null/log' },
      `error ${step.log} ${errno.notDirectory} /dev/null/log`,
    ],
    [
      'a socket without a place',
      ['true'],
      { socket: '/dev/null/s' },
      `error ${step.socket} ${errno.notDirectory} /dev/null/s`,
    ],
  ];
  for (const [what, command, settings, report] of failures) {
    test(`${what} is reported, and nothing is left`, () => fails(shim(), command, settings, report));
  }

  test('a run directory that is not there is refused', async () => {
    const run = startShim(shim(), ['true'], { directory: '/nowhere' });
    expect(await run.report).toBe(`error ${step.files} ${errno.noEntry} /nowhere/exit.new\n`);
    await run.ended;
    expect(run.files()).toEqual([]);
  });

  test('a log that was there survives a start that fails', async () => {
    const directory = join(temporaryDirectory(), 'run');
    await startShim(shim(), ['echo', 'before'], {}, directory).exit();
    const before = readFileSync(join(directory, 'log', '00000000000000000001.log'));
    const failing = startShim(shim(), ['/nowhere'], {}, directory);
    await failing.report;
    await failing.ended;
    expect(readFileSync(join(directory, 'log', '00000000000000000001.log'))).toEqual(before);
  });

  test.skipIf(process.getuid?.() !== 0)('a workload runs as another user', async () => {
    const run = startShim(shim(), ['sh', '-c', 'id -un; echo $HOME $X'], { user: 'nobody', trampoline, env: ['X=1'] });
    await run.exit();
    expect(run.logged('stdout')).toBe('nobody\n/nonexistent 1\n');
  });

  test('an argument with any byte but NUL arrives as it is', async () => {
    const text = 'a b\n\'"\\=\t\u00e9';
    const run = startShim(shim(), ['printf', '%s', text]);
    await run.exit();
    expect(Buffer.from(run.logged('stdout'), 'latin1').toString()).toBe(text);
  });

  test('a launcher that is killed leaves nothing, or a start that was complete', async () => {
    for (let moment = 0; moment < 12; moment++) {
      const run = startShim(shim(), ['sleep', '1000']);
      // Any moment will do: the more different ones, the better.
      for (let turn = 0; turn < moment * moment; turn++) await new Promise((resolve) => setImmediate(resolve));
      run.launcher.kill('SIGKILL');
      const reported = (await run.report) !== '';
      const connection = reported ? await run.connect() : await run.connect().catch(() => undefined);
      connection?.send(frameType.stop, Buffer.alloc(8));
      await run.ended;
      expect([[], ['log'], ['exit', 'log', 'state']]).toContainEqual(run.files());
      if (reported) expect(run.files()).toContain('exit');
    }
  });

  test('a launcher that dies before it has the report takes the workload with it', async () => {
    const { run, goOn } = startHeldShim(shim(), ['sh', '-c', 'trap "" TERM; while :; do sleep 1000; done']);
    await expect.poll(() => childrenOf(run.launcher.pid), { timeout: 20_000 }).toHaveLength(1);
    run.launcher.kill('SIGSTOP');
    await goOn();
    await expect.poll(() => run.files(), { timeout: 20_000 }).toContain('state');
    run.launcher.kill('SIGKILL');
    expect(await run.report).toBe('');
    await run.ended;
    expect(run.files()).toEqual([]);
  });

  test('a second run goes on with the sequence of the log, known or counted', async () => {
    const directory = join(temporaryDirectory(), 'run');
    await startShim(shim(), ['printf', '1\n2\n3'], {}, directory).exit();
    writeFileSync(join(directory, 'log', '00000000000000000001.log'), 'torn rec', { flag: 'a' });
    const counted = await startShim(shim(), ['echo', '4'], {}, directory).exit();
    expect(counted).toMatchObject({ logFirstSequence: 4, logNextSequence: 5 });
    const known = await startShim(shim(), ['echo', '5'], { 'log-sequence': 5 }, directory).exit();
    expect(known).toMatchObject({ logFirstSequence: 5, logNextSequence: 6 });
    const silent = await startShim(shim(), ['true'], {}, directory).exit();
    expect(silent).toMatchObject({ logFirstSequence: 6, logNextSequence: 6 });
    const records = readLog(join(directory, 'log'));
    expect(records.map((record) => record.bytes.toString())).toEqual(['1', '2', '3', '4', '5']);
  });
}

/** Not for valgrind, which keeps the limit of descriptors to itself, and ends where an exec fails late. */
export function nativeStartScenarios(shim: () => ShimProgram): void {
  test('the workload has a clean session of its own', async () => {
    const script =
      'ls /proc/self/fd; umask; ulimit -n; pwd; grep -E "^Sig(Blk|Ign)" /proc/self/status; echo $X; echo $0';
    const settings = { cwd: '/usr', umask: '027', env: ['X=1 2', 'PATH=/usr/bin:/bin'], limit: ['4:0:0'] };
    const run = startShim(shim(), ['sh', '-c', script], settings);
    await run.exit();
    const zero = '0000000000000000';
    const descriptors = ['0', '1', '2', '3']; // 3 is the directory that ls reads
    const rest = ['0027', '1024', '/usr', `SigBlk:\t${zero}`, `SigIgn:\t${zero}`, '1 2', 'sh', ''];
    expect(run.logged('stdout').split('\n')).toEqual([...descriptors, ...rest]);
  });

  test('arguments that are too long are reported, and nothing is left', () =>
    fails(shim(), ['true', 'x'.repeat(1 << 18)], {}, `error ${step.exec} ${errno.tooBig} true`));
}

async function fails(
  program: ShimProgram,
  command: readonly string[],
  settings: Record<string, string>,
  report: string,
): Promise<void> {
  const run = startShim(program, command, settings);
  expect(await run.report).toBe(`${report}\n`);
  await run.ended;
  expect(run.files()).toEqual([]);
}
