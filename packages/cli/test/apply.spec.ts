import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailedPreconditionError, meta, runtime, schedule } from '@aurae/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { FakeSchedule } from './support/fake-schedule.js';
import { runCli, runShell } from './support/run-cli.js';
import { Terminal } from './support/terminal.js';

let root: TestRoot;
let dir: string;
const fake = new FakeSchedule();
const change = schedule.ScheduleChange;
const web = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'web' };
const named = (name: string) => ({ ...web, name });
const running = { status: meta.Status.STATUS_ACTIVE, enabled: true, ready: true, proc: { pid: 12 } };

beforeAll(async () => {
  root = await TestRoot.make();
  await fake.serve(root);
});
afterAll(async () => {
  fake[Symbol.dispose]();
  await root[Symbol.asyncDispose]();
});
beforeEach(() => {
  fake.clear();
  dir = mkdtempSync(join(tmpdir(), 'aurae-apply-'));
  return () => rmSync(dir, { recursive: true });
});

function run(...args: string[]) {
  return runCli(['--root', root.dir, ...args]);
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const names = () => fake.applied.flatMap(({ records }) => records.map(({ workload }) => workload?.value.meta?.name));

describe('apply', () => {
  const changed = ['argv', 'command', 'criteria.ready_within_ms', 'criteria.timer', 'env.PASSWORD', 'process_limits'];

  test('shows the plan, then what became of each, and the sum', async () => {
    fake.applyAnswers = [
      { workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE },
      { workload: named('db'), change: change.SCHEDULE_CHANGE_UPDATE, fields: changed },
      { workload: named('cache'), change: change.SCHEDULE_CHANGE_NONE, state: running },
      { workload: named('old'), change: change.SCHEDULE_CHANGE_DESTROY },
      { workload: named('off'), change: change.SCHEDULE_CHANGE_CREATE },
      { workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE, done: true, state: running },
      { workload: named('db'), change: change.SCHEDULE_CHANGE_UPDATE, done: true, state: running },
      { workload: named('old'), change: change.SCHEDULE_CHANGE_DESTROY, done: true },
    ];
    const path = file('all.toml', '[[executable]]\nname = "off"\ncommand = "x"\ndisabled = true\n');
    const { code, stdout, stderr } = await run('apply', '-f', path, '--prune');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      '+  web    new',
      '~  db     argv, ready.within, timer, env.PASSWORD, ulimits',
      '=  cache',
      '-  old    destroyed (--prune)',
      '+  off    new, disabled',
      '',
      'web runs as pid 12.',
      'db runs as pid 12.',
      'old is destroyed.',
      '2 new, 1 changed, 1 unchanged, 1 destroyed',
      '',
    ]);
    expect(fake.applied[0]).toMatchObject({ dryRun: false, prune: true });
  });

  test('fails when a workload does', async () => {
    const state = { status: meta.Status.STATUS_ERROR, enabled: true, message: 'there is no program "./web"' };
    fake.applyAnswers = [
      { workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE },
      { workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE, done: true, state },
    ];
    const path = file('web.toml', 'name = "web"\nargv = ["./web"]\n');
    const { code, stdout } = await run('apply', '-f', path);
    expect(code).toBe(1);
    expect(stdout).toContain('web is down and stays down: there is no program "./web".\n1 new, 1 failed\n');
  });

  test('a refusal of the daemon comes with the place of the workload', async () => {
    fake.applyFailure = new FailedPreconditionError('Cannot enable "web": there is no program "./web"');
    const one = file(
      'all.toml',
      '[[executable]]\nname = "db"\ncommand = "x"\n[[executable]]\nname = "web"\nargv = ["./web"]\n',
    );
    const message = `Cannot enable "web": there is no program "./web" ("${one}", line 4)`;
    expect(await run('apply', '-f', one)).toMatchObject({ code: 1, stderr: `aurae: ${message}\n` });
    const { stderr } = await run('apply', '-f', one, '--output', 'json');
    expect(JSON.parse(stderr)).toMatchObject({ error: { reason: 'FAILED_PRECONDITION', message } });
  });

  test('all that is wrong with a file is told at once', async () => {
    const path = file('web.toml', 'name = "web"\ncomand = "x"\nrestart = "often"\n');
    const { code, stderr } = await run('apply', '-f', path);
    expect(code).toBe(1);
    const prefix = `aurae: Cannot use the workload file "${path}": `;
    expect(stderr.split('\n')).toEqual([
      `${prefix}line 2: "web": comand is not a known key: did you mean "command"?`,
      expect.stringContaining(`${prefix}line 3: "web": restart = "often" is not allowed`),
      expect.stringContaining(`${prefix}"web": there is nothing to run`),
      '',
    ]);
    const json = JSON.parse((await run('apply', '-f', path, '--output', 'json')).stderr);
    expect(json.error.problems).toHaveLength(3);
  });

  test('--dry-run says that nothing was changed, and is 0', async () => {
    fake.applyAnswers = [{ workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE }];
    expect(await run('apply', '--dry-run', '-f', file('web.toml', 'name = "web"\nargv = ["x"]\n'))).toMatchObject({
      code: 0,
      stdout: '+  web  new\n\n1 new (--dry-run: nothing was changed)\n',
    });
    expect(fake.applied[0]).toMatchObject({ dryRun: true, prune: false });
  });

  test('as JSON is one answer a line', async () => {
    fake.applyAnswers = [
      { workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE },
      { workload: named('web'), change: change.SCHEDULE_CHANGE_CREATE, done: true, state: running },
    ];
    const { stdout } = await run('apply', '--output', 'json', '-f', file('web.toml', 'name = "web"\nargv = ["x"]\n'));
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { workload: { name: 'web' }, change: 'SCHEDULE_CHANGE_CREATE' },
      { done: true, state: { proc: { pid: 12 } } },
    ]);
  });

  test('reads all files of a directory, in their order', async () => {
    file('b.toml', 'name = "b"\ncommand = "x"\n');
    file('a.json', '{"name": "a", "command": "x"}');
    file('.hidden.toml', 'not TOML');
    file('README.md', 'not TOML');
    await run('apply', '-f', dir);
    expect(names()).toEqual(['a', 'b']);
  });

  test('sends ten thousand workloads in messages of a bounded size', async () => {
    const tables = Array.from({ length: 10_000 }, (_, number) => {
      return `[[executable]]\nname = "w${number}"\ncommand = "x"\ncomment = "${'c'.repeat(500)}"\n`;
    });
    await run('apply', '-f', file('many.toml', tables.join('')));
    expect(names()).toHaveLength(10_000);
    for (const request of fake.applied) {
      expect(schedule.ApplyRequest.encode(request).finish().length).toBeLessThan(2 * 1024 * 1024);
    }
  });

  test('one name in two files is told with both, and nothing is sent', async () => {
    const one = file('one.toml', 'name = "web"\ncommand = "x"\n');
    const two = file('two.toml', 'name = "web"\ncommand = "y"\n');
    const { code, stderr } = await run('apply', '-f', dir);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `aurae: Cannot use the workload files: "web" stands both in "${one}" and in "${two}": keep one of them\n`,
    );
    expect(fake.applied).toEqual([]);
  });

  test('one name of two kinds is fine', async () => {
    file('one.toml', 'name = "web"\ncommand = "x"\n');
    file('two.toml', 'kind = "container"\nname = "web"\nimage = "y"\n');
    expect((await run('apply', '-f', dir)).code).toBe(0);
  });

  test('a fault in a file is told with its place, as JSON, too', async () => {
    const path = file('web.toml', 'name = "web"\nargv = ["x"]\nrestrat = "always"\n');
    const message = `Cannot use the workload file "${path}": line 3: "web": restrat is not a known key: did you mean "restart"?`;
    expect(await run('apply', '-f', path)).toMatchObject({ code: 1, stdout: '', stderr: `aurae: ${message}\n` });
    const { stderr } = await run('apply', '-f', path, '--output', 'json');
    expect(JSON.parse(stderr)).toEqual({ error: { reason: 'INVALID_SPEC', message } });
  });

  test.each([
    [[], 'say what to apply: "aurae apply -f FILE" or "aurae apply -f DIR"', 2],
    [['-f', '/nonexistent.toml'], 'Cannot read the workload file "/nonexistent.toml": no such file or directory', 1],
  ])('%j is refused', async (args, message, expected) => {
    const { code, stderr } = await run('apply', ...args);
    expect({ code, stderr }).toEqual({ code: expected, stderr: `aurae: ${message}\n` });
  });

  test('--prune with no workload at all is refused: it would destroy everything', async () => {
    const { code, stderr } = await run('apply', '--prune', '-f', file('empty.toml', ''));
    expect(code).toBe(2);
    expect(stderr).toContain('--prune would destroy all there are');
    expect(fake.applied).toEqual([]);
  });

  test('an endless file and one that is no text are refused', async () => {
    expect((await run('apply', '-f', '/dev/zero')).stderr).toContain('it is larger than 67108864 bytes');
    const path = join(dir, 'bytes.toml');
    writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00]));
    expect((await run('apply', '-f', path)).stderr).toContain('it is not UTF-8');
  });
});

describe('schedule export', () => {
  beforeEach(() => {
    fake.executable('web', {}, { env: { SECRET: 'x' } }).executable('db', { enabled: false });
    fake.keep({ $case: 'container', value: runtime.Container.fromPartial({ meta: { name: 'c' }, image: 'i' }) });
  });

  test('writes what import sends as the same records', async () => {
    for (const format of ['toml', 'json']) {
      fake.applied.length = 0;
      const path = join(dir, `node.${format}`);
      expect(await run('schedule', 'export', '-o', path)).toMatchObject({
        code: 0,
        stdout: `Wrote 3 workloads to ${path}\n`,
        stderr: '',
      });
      await run('schedule', 'import', path, '--prune');
      expect(fake.applied.flatMap(({ records }) => records)).toEqual([
        ...['web', 'db', 'c'].map((name) => {
          const kept = [...fake.kept.values()].find(({ spec }) => spec.value.meta?.name === name);
          return { workload: kept?.spec, disabled: !kept?.enabled };
        }),
      ]);
      expect(fake.applied[0]).toMatchObject({ prune: true, dryRun: false });
    }
  });

  test('the file is for its owner alone, also in the place of another one', async () => {
    const path = file('node.toml', 'old');
    chmodSync(path, 0o644);
    await run('schedule', 'export', '-o', path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toContain('SECRET = "x"');
  });

  test('of some writes only those', async () => {
    const { stdout } = await run('schedule', 'export', 'db', 'container/c', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ executable: [{ name: 'db' }], container: [{ name: 'c' }] });
    expect(JSON.parse(stdout).executable).toHaveLength(1);
    expect(await run('schedule', 'export', 'wbe')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'aurae: Cannot export "wbe": it is not scheduled: did you mean "web"?\n',
    });
  });

  test('goes through a pipe', async () => {
    const aurae = `aurae --root ${root.dir} schedule`;
    expect(await runShell(`${aurae} export | ${aurae} import - --dry-run`)).toMatchObject({ code: 0, stderr: '' });
    expect(names()).toEqual(['web', 'db', 'c']);
  });

  test('is JSON where that is asked for', async () => {
    for (const args of [
      ['--format', 'json'],
      ['--output', 'json'],
    ]) {
      const { stdout } = await run('schedule', 'export', ...args);
      expect(JSON.parse(stdout).executable[0]).toMatchObject({ name: 'web', env: { SECRET: 'x' } });
    }
  });

  test('tells on a terminal that there may be secrets in it', async () => {
    await using terminal = Terminal.run(['--root', root.dir, 'schedule', 'export']);
    expect(await terminal.exited).toBe(0);
    expect(terminal.shown).toContain('may be secrets');
    expect((await run('schedule', 'export')).stderr).toBe('');
  });

  test('a file that cannot be written is told', async () => {
    const folder = join(dir, 'folder');
    mkdirSync(folder);
    expect(await run('schedule', 'export', '-o', folder)).toMatchObject({
      code: 1,
      stderr: `aurae: Cannot write the workload file "${folder}": illegal operation on a directory\n`,
    });
  });
});
