import { FailedPreconditionError, meta } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestDaemon, TestRoot } from '../../client/test/support/test-daemon.js';
import { displayWidth } from '../src/terminal/display-width.js';
import { FakeNode } from './support/fake-node.js';
import { runCli } from './support/run-cli.js';
import { Terminal } from './support/terminal.js';

let root: TestRoot;
let node: FakeNode;
let daemon: TestDaemon;

const mebibyte = 1024 * 1024;

beforeEach(async () => {
  root = await TestRoot.make();
  node = new FakeNode()
    .add('web', {
      cpuUsInSecond: 500_000,
      usage: { memoryBytes: BigInt(200 * mebibyte), memoryLimitBytes: BigInt(256 * mebibyte), pids: 4 },
      status: { startedAtMs: BigInt(Date.now() - 3_725_000), restarts: 2 },
    })
    .add('db', { cpuUsInSecond: 2_000_000, usage: { memoryBytes: BigInt(1024 * mebibyte), pids: 12 } })
    .add('done', { status: { status: meta.Status.STATUS_COMPLETE, exitCode: '0' } });
  daemon = await root.serve(node.services());
});
afterEach(() => root[Symbol.asyncDispose]());

function top(args: readonly string[] = [], size = { rows: 24, columns: 80 }, variables = {}): Terminal {
  const words = ['--root', root.dir, 'top', '--interval', '100ms', ...args];
  return Terminal.run(words, { TZ: 'UTC', NO_COLOR: '1', ...variables }, size);
}

/** Waits until a line of the screen has the text, and answers with the line. */
async function shows(terminal: Terminal, text: string | RegExp): Promise<string> {
  const has = (line: string) => (typeof text === 'string' ? line.includes(text) : text.test(line));
  await terminal.showsScreen((lines) => lines.some(has));
  return terminal.screen.lines.find(has) as string;
}

const namesOf = (terminal: Terminal) =>
  terminal.screen.lines.flatMap((line) => /^[> ] [●◐✗○] (\S+)/.exec(line)?.[1] ?? []);

async function untilNamesAre(terminal: Terminal, ...names: readonly string[]): Promise<void> {
  await terminal.showsScreen(() => namesOf(terminal).join() === names.join());
}

describe('the live view', () => {
  test('fits 80 columns and 24 rows', async () => {
    await using terminal = top();
    await shows(terminal, /web .* 50 /);
    const [title = '', ...rest] = terminal.screen.lines;
    expect(title).toMatch(/^aurae top machine {55}\d\d:\d\d:\d\d$/);
    const trends = (line: string) => line.replace(/[▁▂▃▄▅▆▇█]+$/, '▁');
    expect(rest.map(trends)).toEqual([
      '3 workloads  2 well  1 done  1 not shown',
      'CPU [||||||    ] 250% of 400%  MEM [||||      ] 3G of 8G  workloads 1.2G',
      '',
      '    NAME         STATE       CPU%▼   MEM LIMIT  PIDS RESTARTS  UPTIME CPU TREND',
      expect.stringMatching(/^> ● db {11}running {7}200 {4}1G {5}- {4}12 {8}0 {7}- +▁$/),
      expect.stringMatching(/^ {2}● web {10}running {8}50 {2}200M {2}256M {5}4 {8}2 {3}1h 2m +▁$/),
      ...Array.from({ length: 16 }, () => ''),
      'q quit  h help  / filter  Enter log  s stop  K kill  c m n r u sort  t trend',
    ]);
  });

  test.each([
    [80, 80],
    [81, 81],
    // The trend has an end.
    [120, 100],
  ])('of %i columns shows the last one, too', async (columns, rowWidth) => {
    await using terminal = top([], { rows: 24, columns });
    await shows(terminal, /web .* 50 /);
    const [title = ''] = terminal.screen.lines;
    expect(title).toMatch(/ \d\d:\d\d:\d\d$/);
    expect(title).toHaveLength(columns);
    expect(await shows(terminal, 'NAME')).toMatch(/ CPU TREND$/);
    // Each row ends with the newest sample.
    expect(await shows(terminal, /web .* 50 /)).toHaveLength(rowWidth);
  });

  test('what has ended badly has failed, and what was stopped has not', async () => {
    const ended = (fields: object) => ({ status: { status: meta.Status.STATUS_COMPLETE, ...fields } });
    node
      .add('code', ended({ exitCode: '3', endedAtMs: BigInt(Date.now() - 200_000_000) }))
      .add('signal', ended({ signal: 9 }))
      .add('memory', ended({ signal: 9, outOfMemory: true }))
      .add('stopped', ended({ signal: 15, stopped: true }));
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web', 'code', 'memory', 'signal');
    await shows(terminal, '7 workloads  2 well  3 failed  2 done');
    await shows(terminal, '✗ code   exited (3) 2d ');
    await shows(terminal, '✗ memory out of memory ');
    await shows(terminal, '✗ signal killed (KILL) ');
    terminal.type('a');
    await shows(terminal, '○ stopped killed (TERM)');
  });

  test('has no column of limits where there are none, and states have the room', async () => {
    node.executables.delete('web');
    node.add('job', { status: { status: meta.Status.STATUS_ERROR, exitCode: '127' } });
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'job');
    expect(await shows(terminal, 'NAME')).not.toContain('LIMIT');
    await shows(terminal, /✗ job +failed: exited \(127\) /);
    node.add('long-name-of-it');
    node.happen();
    await shows(terminal, '● long-name-of-it running ');
    await shows(terminal, /✗ job +failed: exite… /);
  });

  test('draws only what has changed, each time as one update', async () => {
    await using terminal = top();
    await shows(terminal, /web .* 50 /);
    const before = terminal.shown.length;
    const { updates } = terminal.screen;
    await terminal.showsScreen((_lines, screen) => screen.updates > updates + 3);
    const written = terminal.shown.slice(before);
    expect(written).not.toContain('NAME');
    expect(written).not.toContain('\u001b[2J');
    // Nothing is written outside of an update.
    expect(written.replace(/\u001b\[\?2026h.*?\u001b\[\?2026l/gs, '').replace(/\u001b\[\?2026h[^]*$/, '')).toBe('');
  });

  test('follows the size of the terminal, down to next to nothing', async () => {
    await using terminal = top();
    await shows(terminal, /web .* 50 /);
    terminal.resize(8, 40);
    const header = await shows(terminal, 'NAME');
    expect(header).toContain('CPU%');
    expect(header).not.toContain('RESTARTS');
    expect(terminal.screen.lines.length).toBe(8);
    terminal.resize(3, 10);
    await shows(terminal, '> ');
    terminal.resize(30, 120);
    await shows(terminal, 'RESTARTS');
    await untilNamesAre(terminal, 'db', 'web');
  });

  test('sorts, turns the order around, and keeps who is selected', async () => {
    await using terminal = top();
    await shows(terminal, /web .* 50 /);
    await untilNamesAre(terminal, 'db', 'web');
    terminal.type('\u001b[B');
    await shows(terminal, '> ● web');
    terminal.type('c');
    await untilNamesAre(terminal, 'web', 'db');
    await shows(terminal, '> ● web');
    terminal.type('r');
    await shows(terminal, 'RESTARTS');
    await untilNamesAre(terminal, 'web', 'db');
    terminal.type('n');
    await untilNamesAre(terminal, 'db', 'web');
    terminal.type('a');
    await untilNamesAre(terminal, 'db', 'done', 'web');
    terminal.type('k');
    await shows(terminal, '> ○ done');
  });

  test('filters by a part of the name', async () => {
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web');
    terminal.type('/wE');
    await shows(terminal, '/wE_');
    await untilNamesAre(terminal, 'web');
    terminal.type('\r');
    await shows(terminal, 'q quit');
    await shows(terminal, 'filter "wE"');
    terminal.type('\u001b');
    await untilNamesAre(terminal, 'db', 'web');
  });

  test('what begins and ends is shown as soon as an event tells', async () => {
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web');
    const { lists } = node;
    await terminal.showsScreen(() => node.samples > 8);
    expect(node.lists).toBeLessThanOrEqual(lists + 1);
    node.add('late', { status: { status: meta.Status.STATUS_STANDBY } });
    node.happen();
    await untilNamesAre(terminal, 'db', 'web', 'late');
  });

  test('stops the selected one, after a question', async () => {
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web');
    terminal.type('s');
    await shows(terminal, 'Stop "db"? y/n');
    terminal.type('n');
    await shows(terminal, 'q quit');
    terminal.type('jsy');
    await shows(terminal, 'Stopped web');
    expect(node.stopped).toEqual(['web']);
    await untilNamesAre(terminal, 'db');
    terminal.type('Ky');
    await shows(terminal, 'Killed db');
    expect(node.killed).toEqual(['db']);
  });

  test('tells why something could not be stopped', async () => {
    node.stopFailure = new FailedPreconditionError('Cannot stop "db": not now');
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web');
    terminal.type('sy');
    await shows(terminal, 'Cannot stop "db": not now');
  });

  test('shows the log of the selected one, and comes back', async () => {
    node.logOf = (name) => Array.from({ length: 100 }, (_, index) => `${name} says \u001b[31m${index}\u001b[0m\u0007`);
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web');
    terminal.type('\r');
    await shows(terminal, 'db says 99\\x07');
    expect(terminal.screen.lines[0]).toBe('log of db');
    expect(terminal.screen.lines[1]).toBe('db says 78\\x07');
    expect(terminal.screen.lines.at(-1)).toMatch(/^following /);
    terminal.type('\u001b[5~');
    await shows(terminal, '22 lines below');
    terminal.type('g');
    await shows(terminal, 'db says 0\\x07');
    terminal.type('G');
    await shows(terminal, 'db says 99\\x07');
    terminal.type('\u001b');
    await untilNamesAre(terminal, 'db', 'web');
  });

  test('outlasts a restart of auraed', async () => {
    await using terminal = top();
    await untilNamesAre(terminal, 'db', 'web');
    daemon.kill();
    await shows(terminal, 'auraed is gone, waiting for it');
    node.executables.delete('web');
    await root.serve(node.services());
    await shows(terminal, 'q quit');
    await untilNamesAre(terminal, 'db');
  });

  test('who may not see what is used sees the rest, and why', async () => {
    node.usageFailure = new FailedPreconditionError('Cannot tell what is used');
    await using terminal = top();
    await shows(terminal, 'Cannot tell what is used');
    await untilNamesAre(terminal, 'db', 'web');
  });

  test('names of wide characters and controls do not break the table', async () => {
    node.add('データベース\u001b[2J\u202e名前', { cpuUsInSecond: 1, usage: { pids: 77 } });
    await using terminal = top();
    const line = await shows(terminal, ' 77 ');
    expect(line).toContain('データ');
    const endOfPids = (text: string, pids: string) => displayWidth(text.slice(0, text.indexOf(pids))) + pids.length;
    expect(endOfPids(line, ' 77 ')).toBe(endOfPids(await shows(terminal, ' 12 '), ' 12 '));
    expect(line).not.toContain('\u202e');
  });
});

describe('the terminal is given back', () => {
  async function untilItRuns(terminal: Terminal): Promise<void> {
    await untilNamesAre(terminal, 'db', 'web');
    expect(terminal.screen).toMatchObject({ isAlternate: true, isCursorHidden: true, wraps: false });
  }

  function expectGivenBack({ screen }: Terminal): void {
    expect(screen).toMatchObject({ isAlternate: false, isCursorHidden: false, wraps: true });
  }

  test.each([
    ['q', 0],
    ['\u0003', 130],
    ['lqq', 0],
  ])('after %j', async (keys, code) => {
    await using terminal = top();
    const before = await terminal.settings();
    await untilItRuns(terminal);
    expect(await terminal.settings()).toContain('-icanon');
    terminal.type(keys);
    expect(await terminal.exited).toBe(code);
    expect(await terminal.settings()).toBe(before);
    expectGivenBack(terminal);
    expect(terminal.shown.endsWith('\u001b[?1049l')).toBe(true);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', -1],
    ['SIGQUIT', -3],
  ] as const)('when %s ends it', async (signal, code) => {
    await using terminal = top();
    const before = await terminal.settings();
    await untilItRuns(terminal);
    terminal.kill(signal);
    expect(await terminal.exited).toBe(code);
    expect(await terminal.settings()).toBe(before);
    expectGivenBack(terminal);
  });

  test('while it is stopped by Ctrl-Z, and taken again', async () => {
    await using terminal = top();
    await untilItRuns(terminal);
    terminal.type('\u001a');
    await terminal.shows('\u001b[?1049l');
    // Nobody could wake it here, so that the system does not stop it.
    await terminal.showsScreen((_lines, screen) => screen.entered === 2);
    await untilItRuns(terminal);
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    expectGivenBack(terminal);
  });

  test('and is drawn anew after it was stopped from outside', async () => {
    await using terminal = top();
    const before = await terminal.settings();
    await untilItRuns(terminal);
    terminal.kill('SIGSTOP');
    await terminal.stty('sane');
    terminal.kill('SIGCONT');
    await terminal.showsScreen((_lines, screen) => screen.entered === 2);
    await untilItRuns(terminal);
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    expect(await terminal.settings()).toBe(before);
  });

  test('it ends when the window is closed', async () => {
    await using terminal = top();
    await untilItRuns(terminal);
    terminal.hangUp();
    expect(await terminal.exited).toBe(-1);
  });

  test('no daemon is told on a terminal that was never taken', async () => {
    daemon.kill();
    await using terminal = top();
    expect(await terminal.exited).toBe(1);
    expect(terminal.screen.entered).toBe(0);
    expect(terminal.shown).toContain('No auraed answers');
  });
});

describe('one sample', () => {
  const once = (...args: readonly string[]) => runCli(['--root', root.dir, 'top', '--interval', '100ms', ...args]);

  test('is a table where there is no terminal', async () => {
    const { code, stdout, stderr } = await once();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      '   NAME  CPU%   MEM   LIMIT  PIDS  RESTARTS  UPTIME  STATE',
      '●  db    200.0  1G    -      12    0         -       running',
      '●  web   50.0   200M  256M   4     2         1h 2m   running',
      '○  done  -      -     -      -     0         -       exited (0)',
      '',
    ]);
  });

  test('is a table on a terminal with --once, of those that are named', async () => {
    await using terminal = top(['--once', 'web']);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen.entered).toBe(0);
    expect(namesOf(terminal)).toEqual([]);
    expect(terminal.shown).toMatch(/● {2}web .*running\r\n$/);
    expect(terminal.shown).not.toContain('db');
  });

  test('has no limits where there are none', async () => {
    const { stdout } = await once('db');
    expect(stdout).toBe(
      '   NAME  CPU%   MEM  PIDS  RESTARTS  UPTIME  STATE\n●  db    200.0  1G   12    0         -       running\n',
    );
  });

  test('tells which names are of nothing, after what there is', async () => {
    const mixed = await once('nosuch', 'web', 'container/db', 'nosuch', 'executable/db');
    expect(mixed).toMatchObject({ code: 1, stderr: 'aurae: No workload is called "nosuch", "container/db"\n' });
    expect(mixed.stdout).toContain('●  web');
    expect(mixed.stdout).toContain('●  db');
    expect(await once('nosuch')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'aurae: No workload is called "nosuch"\n',
    });
    const { code, stdout, stderr } = await once('nosuch', 'web', '--output', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ workloads: [{ workload: { name: 'web' } }] });
    expect(JSON.parse(stderr)).toMatchObject({ error: { message: 'No workload is called "nosuch"' } });
  });

  test('is JSON for programs', async () => {
    const { stdout } = await once('--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      cpus: 4,
      memoryTotalBytes: String(8 * 1024 * mebibyte),
      workloads: [
        {
          workload: { kind: 'WORKLOAD_KIND_EXECUTABLE', name: 'db' },
          status: 'STATUS_ACTIVE',
          cpuPercent: 200,
          memoryBytes: String(1024 * mebibyte),
          pids: 12,
        },
        { workload: { name: 'web' }, cpuPercent: 50, restarts: 2, memoryLimitBytes: String(256 * mebibyte) },
        { workload: { name: 'done' }, status: 'STATUS_COMPLETE' },
      ],
    });
  });

  test('an interval that is too short is refused', async () => {
    const { code, stderr } = await runCli(['top', '--interval', '1ms']);
    expect(code).toBe(2);
    expect(stderr).toContain('from 100ms to 1h');
  });
});
