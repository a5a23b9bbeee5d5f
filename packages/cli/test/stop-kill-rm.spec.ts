import { meta, NotFoundError, runtime } from '@aurae/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestRoot, untilAborted } from '../../client/test/support/test-daemon.js';
import { resultOf, runCli, startCli } from './support/run-cli.js';
import { Signalled } from './support/signalled.js';

let root: TestRoot;
const stops: runtime.WorkloadStopRequest[] = [];
const kills: runtime.WorkloadKillRequest[] = [];
const stuck = new Signalled();
let running: readonly string[] = [];
let ended: readonly string[] = [];

function known(request: { meta: meta.AuraeMeta | undefined }): string {
  const name = request.meta?.name ?? '';
  if (name.startsWith('no')) throw new NotFoundError(`Cannot find the executable "${name}"`);
  return name;
}

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    runtime: {
      executableList: async (_context, { all }) =>
        runtime.ExecutableListResponse.fromPartial({
          executables: [...running, ...(all ? ended : [])].map((name) => ({ meta: { name } })),
        }),
      executableStop: async (context, request) => {
        stops.push(request);
        const name = known(request);
        if (name === 'stuck') {
          stuck.announce();
          await untilAborted(context);
        }
        if (name === 'waits') return runtime.ExecutableStatus.fromPartial({ meta: { name }, stopped: true });
        return runtime.ExecutableStatus.fromPartial({
          meta: { name },
          status: meta.Status.STATUS_COMPLETE,
          exitCode: '143',
          signal: 15,
        });
      },
      executableKill: async (_context, request) => {
        kills.push(request);
        return runtime.ExecutableStatus.fromPartial({
          meta: { name: known(request) },
          status: meta.Status.STATUS_ACTIVE,
        });
      },
      executableRemove: async (_context, request) => {
        known(request);
        return { meta: undefined };
      },
    },
  });
});
afterAll(() => root[Symbol.asyncDispose]());

function run(...args: string[]) {
  return runCli(['--root', root.dir, ...args]);
}

describe('stop', () => {
  test('tells how each ended, in their order', async () => {
    expect(await run('stop', 'web', 'worker', 'web')).toMatchObject({
      code: 0,
      stdout: 'Stopped web: killed (TERM)\nStopped worker: killed (TERM)\n',
      stderr: '',
    });
    expect(stops.map((request) => request.meta?.name)).toEqual(['web', 'worker']);
  });

  test('says of what only waited that it does so no longer', async () => {
    expect(await run('stop', 'waits')).toMatchObject({
      code: 0,
      stdout: 'waits was not running; it no longer waits for its start\n',
    });
  });

  test('carries signal and time', async () => {
    await run('stop', 'web', '--timeout', '5s', '--signal', 'SIGINT');
    expect(stops.at(-1)).toMatchObject({ signal: 'INT', gracePeriodMs: 5000 });
    await run('stop', '-t', '7s', 'web');
    expect(stops.at(-1)).toMatchObject({ signal: '', gracePeriodMs: 7000 });
    await run('stop', 'web');
    expect(stops.at(-1)).toMatchObject({ signal: '', gracePeriodMs: 0 });
  });

  test('tries every name, tells of each failure, and fails', async () => {
    expect(await run('stop', 'nobody', 'web', 'nothing')).toMatchObject({
      code: 1,
      stdout: 'Stopped web: killed (TERM)\n',
      stderr: 'aurae: Cannot find the executable "nobody"\naurae: Cannot find the executable "nothing"\n',
    });
  });

  test('as JSON is one status a line, and one error a line', async () => {
    const { code, stdout, stderr } = await run('--output', 'json', 'stop', 'nobody', 'web');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ meta: { name: 'web' }, exitCode: '143' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { reason: 'NOT_FOUND' } });
  });

  test('ends with 130 after Ctrl-C', async () => {
    const child = startCli(['--root', root.dir, 'stop', 'stuck', 'web']);
    const result = resultOf(child);
    await stuck.promise;
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: 130, stderr: '' });
  });

  test('says once that no daemon answers', async () => {
    const { code, stderr } = await runCli(['--root', '/nonexistent', 'stop', 'a', 'b']);
    expect(code).toBe(1);
    expect(stderr.match(/No auraed answers/g)).toHaveLength(1);
  });
});

describe('--all', () => {
  test('stops all that run, and whatever has ended meanwhile is no failure', async () => {
    running = ['web', 'nowGone', 'worker'];
    ended = ['job'];
    const text = 'Stopped web: killed (TERM)\nStopped worker: killed (TERM)\n';
    expect(await run('stop', '--all')).toMatchObject({ code: 0, stdout: text, stderr: '' });
    expect(await run('stop', '-a')).toMatchObject({ code: 0, stdout: text });
  });

  test('removes all that have ended', async () => {
    running = ['web'];
    ended = ['job', 'nowGone', 'task'];
    expect(await run('rm', '--all')).toMatchObject({ code: 0, stdout: 'Removed job\nRemoved task\n', stderr: '' });
  });

  test('with nothing to do says so', async () => {
    running = [];
    ended = [];
    expect(await run('stop', '--all')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'Nothing runs, so there is nothing to stop.\n',
    });
    expect(await run('rm', '--all')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'Nothing has ended that is not forgotten yet.\n',
    });
    expect(await run('rm', '--all', '--output', 'json')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test.each(['stop', 'rm'])('of %s goes with no names, and something must be given', async (command) => {
    const result = await run(command, '--all', 'web');
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: 'aurae: give either names or --all, not both\n' });
    expect(await run(command)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'aurae: give the names of executables, or --all\n',
    });
  });
});

describe('kill', () => {
  test.each([
    [['web'], 'KILL'],
    [['-s', 'HUP', 'web'], 'HUP'],
    [['web', '--signal=sigusr1'], 'USR1'],
    [['-s', '1', 'web'], 'HUP'],
    [['-1', 'web'], 'HUP'],
    [['-9', 'web'], 'KILL'],
    [['-HUP', 'web'], 'HUP'],
    [['-hup', 'web'], 'HUP'],
    [['-SIGHUP', '--', 'web'], 'HUP'],
    [['--output', 'text', '-USR2', 'web'], 'USR2'],
  ])('%j sends %s', async (args, signal) => {
    expect(await run('kill', ...args)).toMatchObject({ code: 0, stdout: `Sent ${signal} to web\n`, stderr: '' });
    expect(kills.at(-1)).toMatchObject({ meta: { name: 'web' }, signal });
  });

  test.each([[['web', '-9']], [['web', '--', '-1']], [['--', '-web']], [['-0', 'web']], [['-99', 'web']]])(
    '%j names what begins with "-", and nothing is sent',
    async (words) => {
      const before = kills.length;
      const { code, stderr } = await run('kill', ...words);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /value '-\w+' is invalid for argument 'names'. A name begins with a letter or a digit.\n$/,
      );
      expect(kills).toHaveLength(before);
    },
  );

  test('refuses what is no signal', async () => {
    expect(await run('kill', '-NOSUCH', 'web')).toMatchObject({ code: 2, stdout: '' });
    expect(await run('kill', '-s', 'NOSUCH', 'web')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('rm', () => {
  test('tells what it removed, and of each failure', async () => {
    expect(await run('rm', 'web', 'nobody')).toMatchObject({
      code: 1,
      stdout: 'Removed web\n',
      stderr: 'aurae: Cannot find the executable "nobody"\n',
    });
    const { stdout } = await run('rm', 'web', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({ meta: { name: 'web' } });
  });
});

test.each(['kill', 'attach'])('%s needs a name', async (command) => {
  const { code, stderr } = await run(command);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^aurae: missing required argument 'names?'\n$/);
});
