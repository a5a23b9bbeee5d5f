import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailedPreconditionError, runtime } from '@aurae/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { FakeSchedule } from './support/fake-schedule.js';
import { runCli, runShell } from './support/run-cli.js';

let root: TestRoot;
let dir: string;
const fake = new FakeSchedule();

beforeAll(async () => {
  root = await TestRoot.make();
  dir = mkdtempSync(join(tmpdir(), 'aurae-enable-'));
  await fake.serve(root);
});
afterAll(async () => {
  fake[Symbol.dispose]();
  rmSync(dir, { recursive: true });
  await root[Symbol.asyncDispose]();
});
beforeEach(() => fake.clear());

function run(...args: string[]) {
  return runCli(['--root', root.dir, ...args], { OWN: 'mine' });
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe('enable with a command', () => {
  test('tells what is true now', async () => {
    expect(await run('enable', '--name', 'web', '--', './serve', '--port', '80')).toMatchObject({
      code: 0,
      stdout: 'Enabled web: runs as pid 123\n',
      stderr: '',
    });
    expect(fake.enabled).toEqual([
      {
        $case: 'executable',
        value: runtime.Executable.fromPartial({
          meta: { name: 'web' },
          argv: ['./serve', '--port', '80'],
          command: './serve --port 80',
        }),
      },
    ]);
  });

  test('every option is in the request', async () => {
    const { code, stderr } = await run(
      ...[
        'enable',
        '--name',
        'web',
        '-e',
        'A=1',
        '-e',
        'OWN',
        '--cwd',
        '/srv',
        '--limit-memory',
        '1M',
        '--label',
        'a=b=c',
      ],
      ...['--restart', 'always:5', '--restart-pause', '1s', '--restart-longest-pause', '2m', '--stable-after', '30s'],
      ...['--after', 'db', '--after', 'migrate=completed', '--after', 'container/cache=running'],
      ...['--cron', '0 3 * * *', '--time-zone', 'Europe/Berlin', '--missed', 'once'],
      ...['--ready-http', 'https://127.0.0.1:8443/x', '--ready-within', '30s', '--ready-interval', '2s'],
      ...['--ready-timeout', '3s', '--alive-tcp', ':5432', '--alive-interval', '20s', '--alive-timeout', '4s'],
      ...['--alive-threshold', '7', '--', './web'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(fake.enabled[0]?.value).toEqual(
      runtime.Executable.fromPartial({
        meta: { name: 'web' },
        argv: ['./web'],
        command: './web',
        env: { A: '1', OWN: 'mine' },
        cwd: '/srv',
        limits: { memoryBytes: 1_048_576n },
        labels: { a: 'b=c' },
        restart: { mode: 2, maxRestarts: 5, firstPauseMs: 1000, longestPauseMs: 120_000, stableAfterMs: 30_000 },
        criteria: {
          timer: {
            when: { $case: 'cron', value: { expression: '0 3 * * *', timeZone: 'Europe/Berlin' } },
            missed: runtime.MissedRuns.MISSED_RUNS_RUN_ONCE,
          },
          after: [
            { workload: { name: 'db' } },
            { workload: { name: 'migrate' }, condition: runtime.DependencyCondition.DEPENDENCY_CONDITION_COMPLETED },
            {
              workload: { kind: 2, name: 'cache' },
              condition: runtime.DependencyCondition.DEPENDENCY_CONDITION_RUNNING,
            },
          ],
          readiness: {
            check: { $case: 'http', value: { host: '127.0.0.1', port: 8443, path: '/x', tls: true } },
            intervalMs: 2000,
            timeoutMs: 3000,
          },
          readyWithinMs: 30_000,
          liveness: {
            check: { $case: 'tcp', value: { port: 5432 } },
            intervalMs: 20_000,
            timeoutMs: 4000,
            failureThreshold: 7,
          },
        },
      }),
    );
  });

  test('a beat, a shell command as a probe and a line of the log', async () => {
    await run(
      'enable',
      '--every',
      '1d',
      '--ready-log',
      '^up',
      '--alive-exec',
      'test -e /x',
      '-c',
      'a | b',
      '--name',
      'x',
    );
    expect(fake.enabled[0]?.value).toMatchObject({
      command: 'a | b',
      argv: [],
      criteria: {
        timer: { when: { $case: 'intervalMs', value: 86_400_000n }, missed: 0 },
        readiness: { check: { $case: 'log', value: { pattern: '^up', channel: '' } } },
        liveness: { check: { $case: 'exec', value: { argv: ['/bin/sh', '-c', 'test -e /x'] } } },
      },
    });
  });

  test('"--" as the value of an option does not begin the command', async () => {
    await run('enable', '--comment', '--', '--name', 'web', '--', './serve', '--', 'x');
    expect(fake.enabled[0]?.value).toMatchObject({
      comment: '--',
      meta: { name: 'web' },
      argv: ['./serve', '--', 'x'],
    });
  });

  test('what the daemon refuses is told, and fails', async () => {
    fake.answer = () => {
      throw new FailedPreconditionError('Cannot enable "web": there is no program "./serve"');
    };
    expect(await run('enable', '--name', 'web', '--', './serve')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'aurae: Cannot enable "web": there is no program "./serve"\n',
    });
  });

  test('as JSON is the answer with the kind', async () => {
    const { stdout } = await run('enable', '--output', 'json', '--name', 'web', '--', './serve');
    expect(JSON.parse(stdout)).toEqual({ meta: { name: 'web', message: 'runs as pid 123' }, kind: 'executable' });
  });
});

describe('enable with names', () => {
  test('enables again what is known, as it was', async () => {
    fake.executable('web', { enabled: false }, { env: { SECRET: 'x' } }).executable('db', { enabled: false });
    expect(await run('enable', 'web', 'db')).toMatchObject({
      code: 0,
      stdout: 'Enabled web: runs as pid 123\nEnabled db: runs as pid 123\n',
    });
    expect(fake.enabled.map(({ value }) => value.meta?.name).sort()).toEqual(['db', 'web']);
    expect(fake.enabled.find(({ value }) => value.meta?.name === 'web')?.value).toMatchObject({
      env: { SECRET: 'x' },
      argv: ['./web'],
    });
  });

  test('finds what an early client enabled without a name', async () => {
    fake.keep(
      { $case: 'executable', value: runtime.Executable.fromPartial({ command: 'sleep 100' }) },
      { enabled: false },
    );
    expect((await run('enable', 'sleep 100')).stdout).toBe('Enabled sleep 100: runs as pid 123\n');
    expect(fake.enabled[0]?.value).toEqual(runtime.Executable.fromPartial({ command: 'sleep 100' }));
  });

  test('--kind tells one from another of the same name', async () => {
    fake.executable('db').keep({ $case: 'container', value: runtime.Container.fromPartial({ meta: { name: 'db' } }) });
    expect((await run('enable', '--kind', 'container', 'db')).stdout).toBe('Enabled container/db: runs as pid 123\n');
    expect(fake.enabled.map(({ $case }) => $case)).toEqual(['container']);
  });

  test('tells which name may have been meant', async () => {
    fake.executable('worker');
    expect((await run('enable', 'wroker')).stderr).toBe(
      'aurae: Cannot enable "wroker": the schedule does not have it: did you mean "worker"?\n',
    );
  });

  test('tries every one, and says how to add what is not known', async () => {
    fake.executable('web');
    const { code, stdout, stderr } = await run('enable', 'nobody', 'web');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'Enabled web: runs as pid 123\n' });
    expect(stderr).toMatch(
      /^aurae: Cannot enable "nobody": the schedule does not have it; "aurae enable --name NAME -- CMD"/,
    );
  });
});

describe('enable with files', () => {
  test('enables what they say, each after what it waits for', async () => {
    const one = file('web.toml', 'name = "web"\nargv = ["./web"]\nafter = ["db"]\n');
    const two = file('db.json', '{"executable": [{"name": "db", "command": "./db"}]}');
    expect(await run('enable', '-f', one, '-f', two)).toMatchObject({
      code: 0,
      stdout: 'Enabled db: runs as pid 123\nEnabled web: runs as pid 123\n',
      stderr: '',
    });
  });

  test('a refusal of the daemon comes with the place of the workload', async () => {
    fake.answer = ({ value }) => {
      if (value.meta?.name !== 'web') return 'runs as pid 123';
      throw new FailedPreconditionError('Cannot enable "web": there is no program "./web"');
    };
    const path = file(
      'two.toml',
      '[[executable]]\nname = "db"\nargv = ["x"]\n\n[[executable]]\nname = "web"\nargv = ["./web"]\n',
    );
    const { stderr } = await run('enable', '-f', path);
    expect(stderr).toBe(`aurae: Cannot enable "web": there is no program "./web" ("${path}", line 5)\n`);
  });

  test('a directory is for apply', async () => {
    expect(await run('enable', '-f', dir)).toMatchObject({
      code: 2,
      stderr: `aurae: "${dir}" is a directory: use "aurae apply -f ${dir}"\n`,
    });
  });

  test('reads standard input', async () => {
    const line = `printf 'name = "web"\\nargv = ["./web"]\\n' | aurae --root ${root.dir} enable -f -`;
    expect(await runShell(line)).toMatchObject({ code: 0, stdout: 'Enabled web: runs as pid 123\n' });
  });

  test.each([
    ['', 'there is no workload in'],
    ['name = "a"\nargv = ["x"]\ndisabled = true', 'says disabled = true; take that out'],
    ['[[executable]]\nname = "a"\nargv = ["x"]\n[[executable]]\nname = "a"\nargv = ["y"]', '"a" stands twice in'],
  ])('refuses %j', async (text, message) => {
    const { code, stderr } = await run('enable', '-f', file('refused.toml', text));
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
    expect(fake.enabled).toEqual([]);
  });
});

test.each([
  [[], 'give what to enable: "aurae enable --name web -- CMD", "aurae enable -f FILE" or "aurae enable NAME"'],
  [['--name', 'web', './serve'], '"./serve" before "--" is the name of what is known: a command follows "--"'],
  [['web', '--', './serve'], '"web" before "--" is the name of what is known: a command follows "--"'],
  [['-f', 'x', 'web'], 'with --file everything stands in the file'],
  [['-f', 'x', '--name', 'web'], 'with --file everything stands in the file'],
  [['--'], 'no command was given: try "aurae enable --name web -- CMD"'],
  [['--kind', 'container', '--', 'x'], 'option --kind goes with names'],
  [['--every', '5m', '--cron', '* * * * *', '--', 'x'], 'give either --every or --cron, not both'],
  [['--time-zone', 'UTC', '--every', '5m', '--', 'x'], 'option --time-zone goes with --cron, which is missing'],
  [['--missed', 'once', '--', 'x'], 'option --missed goes with --every or --cron, which is missing'],
  [['--ready-tcp', ':1', '--ready-http', ':1/', '--', 'x'], 'give either --ready-http or --ready-tcp, not both'],
  [['--ready-within', '1s', '--', 'x'], 'option --ready-within goes with --ready-http, --ready-tcp, --ready-exec or'],
  [['--alive-threshold', '1', '--', 'x'], 'option --alive-threshold goes with --alive-http,'],
  [['--restart-pause', '1s', '--', 'x'], 'option --restart-pause goes with --restart on-failure or --restart always'],
  [['--restart', 'never', '--stable-after', '1s', '--', 'x'], 'option --stable-after goes with --restart'],
  [['--after', 'a/b', '--', 'x'], "argument 'a/b' is invalid. Allowed are db (until it is ready), db=running,"],
  [['--every', '500ms', '--', 'x'], 'from 1s to 366d'],
  [['--ready-http', '8080', '--', 'x'], "argument '8080' is invalid. Allowed are :8080/healthz"],
  [['--ready-tcp', 'db', '--', 'x'], "argument 'db' is invalid. Allowed are :5432"],
])('a wrong command line is 2: %j', async (args, message) => {
  const { code, stdout, stderr } = await run('enable', ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(fake.enabled).toEqual([]);
});

const disableComplaint = 'aurae: Cannot disable "wroker": there is none in the schedule; did you mean "worker"?\n';

test('to destroy what was not scheduled is done, as JSON, too', async () => {
  fake.executable('web');
  expect(await run('destroy', 'wbe')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'wbe was not scheduled: did you mean "web"?\n',
  });
  const { code, stdout, stderr } = await run('destroy', 'wbe', '--output', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ meta: { name: 'wbe', message: 'was not scheduled' } });
});

describe.each([
  ['disable', 'Disabled'],
  ['destroy', 'Destroyed'],
])('%s', (verb, done) => {
  test('acts on every name, and fails when one is not there', async () => {
    fake.executable('web').executable('worker');
    const { code, stdout, stderr } = await run(verb, 'web', 'wroker', 'worker');
    expect(stdout).toBe(`${done} web\n${done} worker\n`);
    const isDisable = verb === 'disable';
    // The others may be gone by the time that one is asked for.
    expect(stderr).toMatch(isDisable ? disableComplaint : /^wroker was not scheduled(: did you mean "worker"\?)?\n$/);
    expect(code).toBe(isDisable ? 1 : 0);
    expect([...fake.kept.values()].some(({ enabled }) => enabled)).toBe(false);
  });

  test('--kind picks another service', async () => {
    fake.executable('db').keep({ $case: 'instance', value: runtime.Instance.fromPartial({ meta: { name: 'db' } }) });
    const { stdout } = await run(verb, '--kind', 'instance', 'db', '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ meta: { name: 'db' }, kind: 'instance' });
    expect(fake.kept.get('executable/db')?.enabled).toBe(true);
    expect(fake.kept.get('instance/db')?.enabled ?? false).toBe(false);
  });

  test('needs a name, or --all, and not both', async () => {
    const names = 'aurae: give the names of workloads, or --all\n';
    expect(await run(verb)).toMatchObject({ code: 2, stderr: names });
    const both = 'aurae: give either names or --all, not both\n';
    expect(await run(verb, '--all', 'web')).toMatchObject({ code: 2, stderr: both });
  });

  test('--all is all of every kind, or of the one that is given', async () => {
    fake.executable('web').keep({ $case: 'container', value: runtime.Container.fromPartial({ meta: { name: 'c' } }) });
    expect((await run(verb, '--all', '--kind', 'container')).stdout).toBe(`${done} container/c\n`);
    expect((await run(verb, '--all')).stdout).toContain(`${done} web\n`);
    expect([...fake.kept.values()].some(({ enabled }) => enabled)).toBe(false);
    if (verb === 'disable') expect((await run(verb, '-a')).stderr).toBe('Nothing is enabled.\n');
    else expect((await run(verb, '--all')).stderr).toBe('Nothing is scheduled.\n');
  });

  test('a name may say its kind, as the table does', async () => {
    fake.executable('c').keep({ $case: 'container', value: runtime.Container.fromPartial({ meta: { name: 'c' } }) });
    expect((await run(verb, 'container/c')).stdout).toBe(`${done} container/c\n`);
    expect(fake.kept.get('executable/c')?.enabled).toBe(true);
  });
});
