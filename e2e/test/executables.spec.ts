import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, isAlive, type Program } from './auraed-fixture.js';
import { ExecutablesFixture, shimsOf } from './executables-fixture.js';

let fixture: ExecutablesFixture;
let daemon: Program;
beforeAll(async () => {
  fixture = new ExecutablesFixture();
  daemon = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());
afterEach(async () => {
  const names = (await fixture.aurae('ps', '-q')).stdout.split('\n').filter(Boolean);
  if (names.length > 0) await fixture.aurae('stop', '--timeout', '1ms', ...names);
  const known = (await fixture.aurae('ps', '-aq')).stdout.split('\n').filter(Boolean);
  if (known.length > 0) expect(await fixture.aurae('rm', ...known)).toMatchObject({ code: 0 });
  expect(fixture.leftovers()).toEqual([]);
});

function start(name: string, ...args: string[]) {
  return fixture.aurae('start', '--name', name, '--env', `AURAE_TEST_MARK=${fixture.mark}`, ...args);
}

async function shown(...flags: string[]) {
  const { stdout } = await fixture.aurae('ps', '--output', 'json', ...flags);
  return (JSON.parse(stdout) as { executables: Record<string, unknown>[] }).executables;
}

describe('the life of an executable', () => {
  it('is started, seen, read, stopped and forgotten', async () => {
    const started = await start('web', '--', 'sh', '-c', 'echo out; echo err >&2; sleep 1000');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    const pid = Number(/^Started web \(pid (\d+)\)\n$/.exec(started.stdout)?.[1]);
    expect(isAlive(pid)).toBe(true);

    const table = (await fixture.aurae('ps')).stdout.split('\n');
    expect(table[0]).toMatch(/^NAME +STATUS +PID +RESTARTS +COMMAND$/);
    expect(table[1]).toMatch(new RegExp(`^web +up .* ${pid} +0 +sh -c`));
    expect((await fixture.aurae('status')).stdout).toMatch(/^workloads +1 executable active$/m);

    await eventually(async () => (await fixture.aurae('logs', 'web')).stderr !== '');
    expect(await fixture.aurae('logs', 'web')).toMatchObject({ code: 0, stdout: 'out\n', stderr: 'err\n' });

    const stopped = await fixture.aurae('stop', 'web');
    expect(stopped).toMatchObject({ code: 0, stdout: 'Stopped web: killed (TERM)\n', stderr: '' });
    expect(isAlive(pid)).toBe(false);
    expect(await shown()).toEqual([]);
    expect(await shown('-a')).toMatchObject([
      { meta: { name: 'web' }, status: 'STATUS_COMPLETE', exitCode: '143', signal: 15, proc: { pid } },
    ]);
    expect((await fixture.aurae('status')).stdout).toMatch(/^workloads +1 executable complete$/m);
    expect((await fixture.aurae('logs', 'web')).stdout).toBe('out\n');

    expect(await fixture.aurae('rm', 'web')).toMatchObject({ code: 0, stdout: 'Removed web\n' });
    expect(await shown('-a')).toEqual([]);
    expect(await fixture.aurae('logs', 'web')).toMatchObject({ code: 1, stdout: '' });
  });

  it('is followed to its end', async () => {
    const go = join(fixture.root, 'go');
    await start('job', '--', 'sh', '-c', `echo begin; until [ -e ${go} ]; do sleep 0.01; done; echo end; exit 5`);
    const follower = fixture.startAurae('logs', '-f', 'job');
    await follower.says('begin\n');
    writeFileSync(go, '');
    expect(await follower.ended).toMatchObject({ code: 0, stdout: 'begin\nend\n' });
    await eventually(async () => (await shown()).length === 0);
    expect(await shown('-a')).toMatchObject([{ status: 'STATUS_COMPLETE', exitCode: '5' }]);
  });

  it('gets signals, and is killed', async () => {
    await start('loop', '--', 'sh', '-c', 'trap "echo again" HUP; echo ready; while :; do sleep 0.01; done');
    const follower = fixture.startAurae('logs', '-f', 'loop');
    await follower.says('ready\n');
    expect(await fixture.aurae('kill', '-s', 'HUP', 'loop')).toMatchObject({ code: 0, stdout: 'Sent HUP to loop\n' });
    await follower.says('again\n');
    expect(await fixture.aurae('kill', 'loop')).toMatchObject({ code: 0, stdout: 'Sent KILL to loop\n' });
    await follower.ended;
    await eventually(async () => (await shown()).length === 0);
    expect(await shown('-a')).toMatchObject([{ exitCode: '137', signal: 9 }]);
  });

  it('is stopped with all its processes, those that ignore TERM and those in other sessions', async () => {
    const script =
      'trap "" TERM; setsid sh -c "trap \\"\\" TERM; while :; do sleep 1; done" & while :; do sleep 1; done';
    await start('stubborn', '--', 'sh', '-c', script);
    const stopped = await fixture.aurae('stop', '--timeout', '50ms', 'stubborn');
    expect(stopped).toMatchObject({ code: 0, stdout: 'Stopped stubborn: killed (KILL)\n' });
    expect(fixture.leftovers()).toEqual([]);
  });

  it('talks with whoever attaches, and ends them with its own code', async () => {
    await start('talk', '--stdin', '--', 'sh', '-c', 'while read word; do echo "heard $word"; done; exit 4');
    const attached = fixture.startAurae('attach', '--no-stdin', 'talk');
    const typing = fixture.startAuraeWithInput('attach', 'talk');
    // What comes before both have attached is in the log alone, so it is said until it is heard.
    await eventually(async () => {
      typing.process.stdin?.write('hello\n');
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [attached, typing].every(({ said }) => said.stdout.includes('heard hello\n'));
    });
    await fixture.aurae('kill', '-s', 'KILL', 'talk');
    expect((await attached.ended).code).toBe(137);
    expect((await typing.ended).code).toBe(137);
  });

  it('is started again by its policy until it is stopped', async () => {
    const runs = join(fixture.root, 'runs');
    await start('phoenix', '--restart', 'always', '--', 'sh', '-c', `echo run >> ${runs}; exit 1`);
    await eventually(() => readFileSync(runs, 'utf8').split('\n').length >= 3);
    expect((await fixture.aurae('ps')).stdout).toMatch(/^phoenix .*(up|restarting)/m);
    expect(await fixture.aurae('stop', 'phoenix')).toMatchObject({ code: 0 });
    const before = readFileSync(runs, 'utf8');
    expect(await shown()).toEqual([]);
    expect(readFileSync(runs, 'utf8')).toBe(before);
  });

  it('goes on when the daemon ends, and is known to the next one', async () => {
    await start('survivor', '--', 'sleep', '1000');
    const [before] = await shown();
    expect(await daemon.kill('SIGTERM')).toMatchObject({ code: 0 });
    expect(shimsOf(fixture.root)).toHaveLength(1);
    daemon = await fixture.start();
    expect(await shown()).toEqual([before]);
  });
});

describe('a name', () => {
  it('that lives is not started twice, and nothing of the second is left', async () => {
    await start('one', '--', 'sleep', '1000');
    const second = await start('one', '--', 'sleep', '2000');
    expect(second).toMatchObject({ code: 125, stderr: expect.stringContaining('"one"') });
    expect(await shown('-a')).toMatchObject([{ executable: { argv: ['sleep', '1000'] } }]);
  });

  it.each([['../up'], ['a/b'], ['x'.repeat(10_240)]])('such as %s is refused', async (name) => {
    expect(await start(name, '--', 'true')).toMatchObject({ code: 125, stdout: '' });
    expect(await shown('-a')).toEqual([]);
  });

  it('that is not known is said to be so', async () => {
    for (const command of ['stop', 'kill', 'rm', 'logs', 'attach']) {
      expect(await fixture.aurae(command, 'nobody'), command).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('nobody'),
      });
    }
  });
});

describe('a start that fails', () => {
  it.each([
    [['--', '/no/such/program'], 127, '/no/such/program'],
    [['--', '/etc/passwd'], 126, '/etc/passwd'],
    [['--cwd', '/no/such/dir', '--', 'true'], 125, '/no/such/dir'],
    [['--user', 'nosuchuser', '--', 'true'], 125, 'nosuchuser'],
  ])('as with %j ends with %i, says why, and leaves nothing', async (args, code, named) => {
    expect(await start('broken', ...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(named) });
    expect(await shown('-a')).toEqual([]);
    expect(fixture.leftovers()).toEqual([]);
  });
});

describe.runIf(process.getuid?.() === 0)('limits', () => {
  it('are in force', async () => {
    const hosts = (await fixture.aurae('--output', 'json', 'status')).stdout;
    const script = 'sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & wait';
    const limited = await start('few', '--limit-pids', '3', '--', 'sh', '-c', script);
    if (limited.code !== 0) {
      // The host has no controller for it: then it says so.
      expect(limited.stderr, hosts).toContain('pids');
      return;
    }
    await eventually(async () => (await fixture.aurae('logs', 'few')).stderr.includes('fork'));
  });

  it('are refused clearly by a daemon that may not write cgroups, which runs executables all the same', async () => {
    const nobody = 65_534;
    const directory = mkdtempSync(join(tmpdir(), 'aurae-rootless-'));
    chownSync(directory, nobody, nobody);
    await using rootless = new ExecutablesFixture();
    try {
      await rootless.startAs(nobody, directory);
      const aurae = (...args: string[]) => rootless.aurae('--root', directory, ...args);
      expect(await aurae('start', '--name', 'free', '--', 'sleep', '1000')).toMatchObject({ code: 0 });
      const limited = await aurae('start', '--name', 'tight', '--limit-memory', '64M', '--', 'sleep', '1000');
      expect(limited).toMatchObject({ code: 125, stderr: expect.stringMatching(/memory/) });
      expect((await aurae('ps', '-aq')).stdout).toBe('free\n');
      expect(await aurae('stop', 'free')).toMatchObject({ code: 0 });
      expect(shimsOf(directory)).toEqual([]);
    } finally {
      await rootless.endExecutablesOf(directory);
      rmSync(directory, { recursive: true });
    }
  });
});
