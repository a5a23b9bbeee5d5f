import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtime, schedule } from '@aurae/proto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileFormat } from '../src/workload-file/file-format.js';
import { formatWorkloadFile } from '../src/workload-file/format-workload-file.js';
import { jsonProblem } from '../src/workload-file/json-problem.js';
import { parseWorkloadFile } from '../src/workload-file/parse-workload-file.js';
import type { WorkloadFileError } from '../src/workload-file/workload-file-error.js';
import { workloadPaths } from '../src/workload-file/workload-paths.js';
import { anyRecord } from './support/any-record.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'aurae-files-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function parse(text: string, format?: FileFormat) {
  return parseWorkloadFile({ text, format, name: 'web.toml', baseDir: dir });
}

function executables(text: string): runtime.Executable[] {
  return parse(text).flatMap(({ workload }) => (workload?.$case === 'executable' ? [workload.value] : []));
}

test.each(['toml', 'json'] as const)('what is written as %s is read back as the same records', (format) => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 5 }), (records) => {
      const read = parse(formatWorkloadFile(records, format), format);
      const sorted = ['executable', 'container', 'instance'].flatMap((kind) =>
        records.filter(({ workload }) => workload?.$case === kind),
      );
      expect(read).toEqual(sorted);
    }),
    { numRuns: 500 },
  );
});

test('no text makes the reader fail with anything but a message', () => {
  const hostile = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json());
  fc.assert(
    fc.property(hostile, (text) => {
      try {
        parse(text);
      } catch (error) {
        expect((error as Error).message).toMatch(/^Cannot use the workload file "web.toml": /);
      }
    }),
  );
});

test('every key of a table may have any value, and is then read or refused by its name', () => {
  const keys = fc.constantFrom(
    ...['kind', 'command', 'argv', 'env', 'env_from', 'cwd', 'umask', 'stop_signal', 'stop_timeout', 'stdin', 'tty'],
    ...['limits', 'ulimits', 'labels', 'restart', 'after', 'timer', 'ready', 'alive', 'disabled', 'image', 'comment'],
  );
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue()), (values) => {
      try {
        parse(JSON.stringify({ name: 'web', ...values }), 'json');
      } catch (error) {
        expect((error as Error).message).toMatch(/^Cannot use the workload file "web.toml": "web": /);
      }
    }),
  );
});

describe('a file', () => {
  test('may have one workload at its top', () => {
    expect(parse('name = "web"\nargv = ["./serve", "a b"]\n')).toEqual([
      schedule.ScheduleRecord.fromPartial({
        workload: {
          $case: 'executable',
          value: { meta: { name: 'web' }, argv: ['./serve', 'a b'], command: "./serve 'a b'" },
        },
      }),
    ]);
    expect(parse('kind = "container"\nname = "db"\nimage = "postgres"\ndisabled = true')).toEqual([
      schedule.ScheduleRecord.fromPartial({
        workload: { $case: 'container', value: { meta: { name: 'db' }, image: 'postgres' } },
        disabled: true,
      }),
    ]);
  });

  test('may be JSON, whatever it is called', () => {
    expect(parse(' {"name": "web", "command": "a | b"}')).toHaveLength(1);
  });

  test('may be empty', () => {
    expect(parse('# nothing\n')).toEqual([]);
  });

  test('takes all forms of a value', () => {
    const [web] = executables(`
      name = "web"
      command = "./web"
      restart = { mode = "always", first_pause = "1s" }
      after = ["db", "container/cache=running", { name = "migrate", until = "completed" }]
      timer = { every = "90m", missed = "once" }
      ready = { http = { port = 80, path = "/x" }, within = "1m" }
      alive = { exec = ["true"], failures = 5 }
      limits = { memory = 4096, cpu = "500m", pids = 7 }
      ulimits = ["nofile=1:2"]
      tty = { rows = 10, columns = 20 }
      stop_signal = 9
    `);
    expect(web).toMatchObject({
      restart: { mode: 2, firstPauseMs: 1000 },
      limits: { memoryBytes: 4096n, cpuMillis: 500, pids: 7 },
      processLimits: [{ name: 'nofile', soft: 1n, hard: 2n }],
      terminal: { rows: 10, columns: 20 },
      stopSignal: '9',
      criteria: {
        after: [
          { workload: { kind: 0, name: 'db' }, condition: 0 },
          { workload: { kind: 2, name: 'cache' }, condition: 1 },
          { workload: { kind: 0, name: 'migrate' }, condition: 2 },
        ],
        timer: { when: { $case: 'intervalMs', value: 5_400_000n }, missed: 1 },
        readiness: { check: { $case: 'http', value: { host: '', port: 80, path: '/x', tls: false } } },
        readyWithinMs: 60_000,
        liveness: { check: { $case: 'exec', value: { argv: ['true'] } }, failureThreshold: 5 },
      },
    });
  });

  test('adds the variables of files beside it, below its own', () => {
    writeFileSync(join(dir, 'web.env'), 'A=file\nB=file\n');
    const [web] = executables('name = "web"\ncommand = "x"\nenv_from = "web.env"\nenv = { A = "own" }');
    expect(web?.env).toEqual({ A: 'own', B: 'file' });
  });
});

describe('what is wrong is told with its place:', () => {
  test.each([
    ['name = ', 'line 1, column 8: '],
    [
      'name = "a"\nargv = ["x"]\nrestrat = "always"',
      'line 3: "a": restrat is not a known key: did you mean "restart"?',
    ],
    ['name = "a"\nargv = ["x"]\nqqq = 1', 'line 3: "a": qqq is not a known key: allowed here are kind, timer, after,'],
    ['name = "a"\nargv = ["x"]\nrestart = "often"', 'line 3: "a": restart = "often" is not allowed: it must be never'],
    [
      '[[executable]]\nname = "a"\nargv = ["x"]\n[[executable]]\nname = "b"\nargv = ["x"]\n[executable.restart]\nmode = 5',
      'line 8: executable "b": restart.mode = 5 is not allowed: it must be "never", "on-failure", "always"',
    ],
    [
      '[[executable]]\nargv = "x"',
      'line 2: executable number 1: argv = "x" is not allowed: it must be a list of strings',
    ],
    ['name = "a"\nargv = ["x"]\nready = {}', 'line 3: "a": ready needs one of http, tcp, exec, log'],
    [
      'name = "a"\nargv = ["x"]\nready = { tcp = ":1", http = ":1" }',
      'ready needs one of http, tcp, exec, log, and not',
    ],
    [
      'name = "a"\nargv = ["x"]\nalive = { log = "x" }',
      'alive.log is not a known key: allowed here are http, tcp, exec,',
    ],
    [
      'name = "a"\nargv = ["x"]\nready = { tcp = ":1", interval = 5 }',
      'ready.interval = 5 is not allowed: it must be a',
    ],
    [
      'name = "a"\nargv = ["x"]\nstop_timeout = "5"',
      'stop_timeout = "5" is not allowed: it must be a duration with its unit',
    ],
    ['[[executables]]\nname = "a"\nargv = ["x"]', 'line 1: executables is not a known key: did you mean "executable"?'],
    [
      '[[executable]]\nname = "a"\nargv = ["x"]\n[[conatiner]]\nname = "b"',
      'line 4: conatiner is not a known key: did you mean "container"?',
    ],
    ['name = "a"\nargv = ["x"]\ncommand = "y"', 'line 3: "a": argv and command are both there'],
    ['name = "a"\ncomand = "y"', 'line 2: "a": comand is not a known key: did you mean "command"?'],
    ['name = "a"\nargv = ["x"]\nafter = "db"', 'line 3: "a": after = "db" is not allowed: write after = ["db"]'],
    [
      'name = "a"\nargv = ["x"]\n[timer]\nevery = "5m"\ncron = "@daily"',
      'timer has both cron and every: give one of them, not both',
    ],
    ['name = "a"\nargv = ["x"]\ntimer = {}', 'timer needs either cron or every'],
    ['name = "a"\nargv = ["x"]\ntimer = { every = "1m", time_zone = "UTC" }', 'timer.time_zone goes with cron'],
    ['name = "a"\nargv = ["x"]\n[env]\nA = 5', 'line 4: "a": env.A = 5 is not allowed: it must be a string'],
    [
      'name = "a"\nargv = ["x"]\nlimits = { memory = "5X" }',
      'limits.memory = "5X" is not allowed: it must be a size such',
    ],
    ['name = "a"\nargv = ["x"]\nafter = ["a/b"]', 'after = ["a/b"] is not allowed: it must be a list of db'],
    ['name = "a"\nargv = ["x"]\nafter = [{ kind = "container" }]', 'after[0].name is missing'],
    ['name = "a"\nargv = ["x"]\nenv_from = "none.env"', 'line 3: "a": env_from: cannot read "'],
    ['name = "a"', '"a": there is nothing to run: give command = "a shell command" or argv'],
    ['kind = "pod"', 'line 1: kind = "pod" is not allowed: it must be "executable", "container", "instance"'],
    ['kind = "container"\nname = "a"', '"a": image is missing'],
    ['kind = "instance"\nimage = "a"', 'name is missing: give it a name'],
    ['[executable]\nname = "a"', 'is not allowed: it must be a list of tables: begin each with [[executable]]'],
    ['name = "a"\n[[executable]]\nargv = ["x"]', 'line 1: name stands outside of a workload'],
  ])('%j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test.each([
    ['{"name": "a",\n "argv": [}', 'it is not JSON: '],
    ['{"name": "a"', 'it is not JSON: '],
    ['[]', 'it must be an object'],
  ])('%j', (text, message) => {
    expect(() => parse(text, 'json')).toThrow(`Cannot use the workload file "web.toml": ${message}`);
  });

  test('a place in JSON, where Node tells it, and nothing of the text', () => {
    expect(jsonProblem('{\n"a" 1', "Expected ':' after property name in JSON at position 6 (line 2 column 5)")).toBe(
      "line 2, column 5: Expected ':' after property name",
    );
    expect(jsonProblem('{"a": [}', `Unexpected token '}', "{"SECRET": [}" is not valid JSON`)).toBe(
      "Unexpected token '}'",
    );
    expect(jsonProblem('', 'Unexpected end of JSON input')).toBe('Unexpected end of JSON input');
  });

  test('all at once, by their lines, at most ten, and what may follow from others last', () => {
    const problemsOf = (text: string): readonly string[] => {
      try {
        parse(text);
      } catch (error) {
        return (error as WorkloadFileError).problems.map((problem) => problem.replace(/^.*"web.toml": /, ''));
      }
      return [];
    };
    expect(problemsOf('name = "a"\nuser = 5\n[ready]\ninterval = 1\n')).toEqual([
      'line 2: "a": user = 5 is not allowed: it must be a string',
      expect.stringContaining('line 4: "a": ready.interval = 1 is not allowed'),
      'line 3: "a": ready needs one of http, tcp, exec, log',
      expect.stringContaining('"a": there is nothing to run'),
    ]);
    const many = Array.from({ length: 50 }, (_, number) => `k${number} = 1\n`).join('');
    expect(problemsOf(`name = "a"\nargv = ["x"]\n${many}`)).toHaveLength(11);
    expect(problemsOf(`name = "a"\nargv = ["x"]\n${many}`).at(-1)).toBe('… and more');
  });

  test('a key within a string is no place', () => {
    expect(() => parse('command = """\nrestart = 1\n"""\nname = "a"\nrestart = 5')).toThrow('line 5: "a": restart = 5');
  });
});

test('of a directory the workload files count, sorted, without the hidden ones', () => {
  const folder = mkdtempSync(join(dir, 'd-'));
  for (const name of ['b.toml', 'a.json', '.c.toml', 'notes.txt', 'd.toml.bak']) writeFileSync(join(folder, name), '');
  expect(workloadPaths(folder)).toEqual([join(folder, 'a.json'), join(folder, 'b.toml')]);
  expect(() => workloadPaths(mkdtempSync(join(dir, 'e-')))).toThrow('has no *.toml and no *.json');
});

describe('docs/workload-files.md', () => {
  const document = readFileSync(new URL('../../../docs/workload-files.md', import.meta.url), 'utf8');
  const blocks = [...document.matchAll(/```(toml|json)\n(.*?)```/gs)].map(([, format, text]) => ({ format, text }));

  test('has an example with every key', () => {
    const [example = ''] = blocks.flatMap(({ format, text }) => (format === 'toml' && text ? [text] : []));
    expect(executables(example)).toEqual([
      runtime.Executable.fromPartial({
        meta: { name: 'web' },
        argv: ['/srv/web/serve', '--port', '8080'],
        command: '/srv/web/serve --port 8080',
        comment: 'the shop',
        cwd: '/srv/web',
        user: 'nobody',
        umask: '0027',
        stopSignal: 'QUIT',
        stopGracePeriodMs: 30_000,
        restart: { mode: 1, maxRestarts: 5, firstPauseMs: 100, longestPauseMs: 60_000, stableAfterMs: 10_000 },
        env: { PORT: '8080' },
        labels: { team: 'shop' },
        limits: { memoryBytes: 268_435_456n, cpuMillis: 500, pids: 100 },
        processLimits: [
          { name: 'nofile', soft: 1024n, hard: 4096n },
          { name: 'core', soft: 2n ** 64n - 1n, hard: 2n ** 64n - 1n },
        ],
        criteria: {
          after: [
            { workload: { name: 'db' } },
            { workload: { name: 'cache' }, condition: 1 },
            { workload: { kind: 2, name: 'queue' } },
            { workload: { kind: 1, name: 'migrate' }, condition: 2 },
          ],
          timer: {
            when: { $case: 'cron', value: { expression: '0 3 * * *', timeZone: 'Europe/Berlin' } },
            missed: 1,
          },
          readiness: {
            check: { $case: 'http', value: { port: 8080, path: '/healthz' } },
            intervalMs: 1000,
            timeoutMs: 1000,
          },
          readyWithinMs: 30_000,
          liveness: {
            check: { $case: 'exec', value: { argv: ['test', '-e', '/run/web.pid'] } },
            intervalMs: 10_000,
            timeoutMs: 1000,
            failureThreshold: 3,
          },
        },
      }),
    ]);
  });

  test('tells of every form that it comments out', () => {
    const lines = document.matchAll(/^# ([a-z_]+ = (?:".*?"|\[.*?\]|\{.*?\}))(?: {2,}.*)?$/gm);
    const forms = [...lines].map(([, line = '']) => line.replace('…', 'x'));
    expect(forms.length).toBeGreaterThan(8);
    writeFileSync(join(dir, 'web.env'), 'A=1\n');
    for (const line of forms) {
      const key = line.split(' ')[0] ?? '';
      const table = { every: 'timer', http: 'ready', tcp: 'ready', exec: 'ready', log: 'ready' }[key];
      const command = key === 'command' ? '' : 'command = "x"\n';
      expect(executables(`name = "web"\n${command}${table ? `[${table}]\n` : ''}${line}\n`)).toHaveLength(1);
    }
  });

  test('has an example of several in JSON', () => {
    const [example = ''] = blocks.flatMap(({ format, text }) => (format === 'json' && text ? [text] : []));
    expect(parse(example).map(({ workload }) => workload?.value.meta?.name)).toEqual(['db', 'api', 'backup']);
    expect(parse(example).every(({ workload }) => workload?.$case === 'executable')).toBe(true);
  });
});
