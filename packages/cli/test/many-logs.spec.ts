import { once } from 'node:events';
import { observe } from '@aurae/proto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestDaemon, TestRoot } from '../../client/test/support/test-daemon.js';
import { FakeLogs } from './support/fake-logs.js';
import { resultOf, runCli, startCli } from './support/run-cli.js';
import { Terminal } from './support/terminal.js';

let root: TestRoot;

beforeAll(async () => {
  root = await TestRoot.make();
});
afterAll(() => root[Symbol.asyncDispose]());

let daemon: TestDaemon | undefined;
afterEach(() => daemon?.kill());

async function serve(logs: FakeLogs): Promise<void> {
  daemon = await root.serve(logs.services());
}

function logs(...args: readonly string[]) {
  return runCli(['--root', root.dir, 'logs', ...args]);
}

/** Collects what a command says, and waits for it. */
class Listener {
  text = '';
  private readonly waiting = new Set<() => void>();

  constructor(stream: NodeJS.ReadableStream) {
    stream.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
      for (const wake of this.waiting) wake();
    });
  }

  async has(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }
}

const twoLogs = () =>
  new FakeLogs()
    .add(
      'executable/web',
      { line: 'w1', timestamp: 10n },
      { line: 'w2', timestamp: 30n },
      { line: 'w3', timestamp: 50n },
    )
    .add('container/database', { line: 'd1', timestamp: 20n }, { line: 'd2', timestamp: 30n, channel: 'stderr' })
    .add('container/database', { line: 'd3', timestamp: 25n }, { line: 'd4', timestamp: 60n });

describe('several logs', () => {
  test('are one in the order of their times, each line with its name, each log in its own order', async () => {
    await serve(twoLogs());
    const { code, stdout, stderr } = await logs('web', 'database');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'web      | w1',
      'database | d1',
      'web      | w2',
      'database | d3',
      'web      | w3',
      'database | d4',
      '',
    ]);
    expect(stderr).toBe('database | d2\n');
  });

  test('are found by kind, where one is said', async () => {
    const fake = twoLogs().add('executable/database', 'of another kind');
    await serve(fake);
    expect((await logs('database')).stdout).toBe('of another kind\n');
    expect((await logs('container/database', '--channel', 'stderr')).stderr).toBe('d2\n');
    expect((await logs('--kind', 'container', 'database', '-n', '1')).stdout).toBe('d4\n');
    expect(await logs('--kind', 'instance', 'database')).toMatchObject({
      code: 1,
      stderr: 'aurae: Cannot find the instance "database"\n',
    });
  });

  test('show the others when one is not there, and fail at the end', async () => {
    await serve(twoLogs());
    const { code, stdout, stderr } = await logs('web', 'nobody');
    expect(code).toBe(1);
    expect(stdout).toBe('web    | w1\nweb    | w2\nweb    | w3\n');
    expect(stderr).toBe('aurae: Cannot find the executable "nobody"\n');
  });

  test('lines are whole, whatever the pieces are between which others came', async () => {
    const fake = new FakeLogs()
      .add('executable/a', { line: 'be', partial: true, timestamp: 1n }, { line: 'gin', timestamp: 3n })
      .add('executable/a', { line: 'un', partial: true, timestamp: 4n })
      .add('executable/b', { line: 'between', timestamp: 2n }, { line: 'x\ufffd', lineBytes: Buffer.of(0x78, 0xff) });
    await serve(fake);
    const { stdoutBytes } = await logs('a', 'b');
    expect(stdoutBytes.toString('latin1')).toBe('a | begin\nb | between\nb | x\xff\na | un\n');
  });

  test('as JSON have their workload, and every item as it came', async () => {
    const fake = twoLogs().add('executable/web', { line: 'late', dropped: 3n, timestamp: 70n });
    await serve(fake);
    const { stdout } = await logs('web', 'database', '--output', 'json');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { workload: object; line: string; dropped?: string });
    expect(lines.map(({ line }) => line)).toEqual(['w1', 'd1', 'w2', 'd2', 'd3', 'w3', 'd4', 'late']);
    expect(lines[1]?.workload).toEqual({ kind: 'WORKLOAD_KIND_CONTAINER', name: 'database' });
    expect(lines.at(-1)?.dropped).toBe('3');
  });

  test('tell what is lost, and of which', async () => {
    await serve(twoLogs().add('executable/web', { line: 'late', dropped: 3n, timestamp: 70n }));
    const { stderr } = await logs('web', 'database', '-n', '1');
    expect(stderr).toBe('web      | … 3 lines lost\n');
  });

  test('have colours of their own on a terminal, always the same', async () => {
    await serve(twoLogs());
    const colourOf = async (...names: string[]) => {
      await using terminal = Terminal.run(['--root', root.dir, 'logs', ...names]);
      expect(await terminal.exited).toBe(0);
      return /\u001b\[(\d+)mweb/.exec(terminal.shown)?.[1];
    };
    const colour = await colourOf('web', 'database');
    expect(colour).toMatch(/^\d+$/);
    expect(await colourOf('container/database', 'web')).toBe(colour);
  });

  test('are followed as they go on', async () => {
    const fake = twoLogs();
    await serve(fake);
    const child = startCli(['--root', root.dir, 'logs', '-f', '-n', '1', 'web', 'database']);
    const stdout = new Listener(child.stdout);
    await stdout.has('d4\n');
    fake.add('executable/web', 'w5');
    await stdout.has('w5\n');
    fake.add('container/database', 'd5');
    await stdout.has('d5\n');
    const ended = once(child, 'close');
    fake.end('executable/web');
    fake.end('container/database');
    expect((await ended)[0]).toBe(0);
    expect(stdout.text).toBe('web      | w3\ndatabase | d4\nweb      | w5\ndatabase | d5\n');
  });
});

describe('a name that is a number', () => {
  const withProcess = (fake: FakeLogs): void => {
    const { observe: own } = fake.services();
    const services = {
      observe: {
        ...own,
        async *getSubProcessStream(_context: unknown, request: observe.GetSubProcessStreamRequest) {
          const isError = request.channelType === observe.LogChannelType.CHANNEL_STDERR;
          yield observe.LogItem.fromPartial({
            line: `${isError ? 'err' : 'out'} of ${request.processId}`,
            sequence: 1,
          });
        },
      },
    };
    fake.services = () => services;
  };

  test('is a workload, if one is called so, and else a process', async () => {
    const fake = new FakeLogs().add('instance/4711', 'of the workload');
    withProcess(fake);
    await serve(fake);
    expect(await logs('4711')).toMatchObject({ code: 0, stdout: 'of the workload\n' });
    expect(await logs('4712')).toMatchObject({ code: 0, stdout: 'out of 4712\n', stderr: 'err of 4712\n' });
    expect((await logs('4711', '4712', '--channel', 'stdout')).stdout).toBe(
      '4711 | of the workload\n4712 | out of 4712\n',
    );
  });

  test('does not go with what a process has not', async () => {
    const fake = new FakeLogs();
    withProcess(fake);
    await serve(fake);
    expect(await logs('4712', '--tail', '3')).toMatchObject({
      code: 2,
      stderr: 'aurae: option --tail does not go with the log of a process, as 4712 is one\n',
    });
  });

  test('of nobody is told as such', async () => {
    await serve(new FakeLogs());
    const { code, stderr } = await logs('4712');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'aurae: Cannot find the log of "4712": no workload is called so, and auraed has run no process with that pid\n',
    );
  });
});

describe('--grep', () => {
  const numbered = (count: number) =>
    new FakeLogs().add('executable/web', ...Array.from({ length: count }, (_, index) => `line ${index}`));

  test('shows the lines in which it is found, or those in which it is not', async () => {
    const fake = new FakeLogs().add('executable/web', 'GET /a 200', 'GET /b 500', 'get /c 200');
    await serve(fake);
    expect((await logs('web', '--grep', '^GET.*200$')).stdout).toBe('GET /a 200\n');
    expect((await logs('web', '--grep', '^GET.*200$', '-i')).stdout).toBe('GET /a 200\nget /c 200\n');
    expect((await logs('web', '--grep', '200', '-v')).stdout).toBe('GET /b 500\n');
    expect((await logs('web', '--grep', 'nothing')).stdout).toBe('');
  });

  test('looks at whole lines, and shows them byte by byte', async () => {
    const fake = new FakeLogs().add(
      'executable/web',
      { line: 'nee', partial: true },
      { line: 'error', channel: 'stderr' },
      { line: 'dle' },
      { line: 'needle \ufffd', lineBytes: Buffer.from('needle \xff', 'latin1') },
      { line: 'the last needle', partial: true },
    );
    await serve(fake);
    const { stdoutBytes, stderr } = await logs('web', '--grep', 'needle');
    expect(stdoutBytes.toString('latin1')).toBe('needle\nneedle \xff\nthe last needle\n');
    expect(stderr).toBe('');
  });

  test('of a line that is too long to be held the beginning decides', async () => {
    const piece = 'x'.repeat(16 * 1024);
    const long = [...Array.from({ length: 9 }, () => ({ line: piece, partial: true })), { line: 'needle' }];
    const fake = new FakeLogs().add('executable/web', ...long).add('executable/web', { line: 'needle', partial: true });
    fake.add('executable/web', ...long);
    await serve(fake);
    const { stdout } = await logs('web', '--grep', 'needle');
    expect(stdout).toBe(`needle${piece.repeat(9)}needle\n`);
  });

  test('--tail is of those lines, however far back they are', async () => {
    const fake = numbered(30_000);
    await serve(fake);
    fake.requests.length = 0;
    expect((await logs('web', '--grep', '[05]$', '--tail', '2')).stdout).toBe('line 29990\nline 29995\n');
    expect(fake.requests.map(({ tail }) => tail)).toEqual([10_000]);
    fake.requests.length = 0;
    expect((await logs('web', '--grep', '^line [12]?$|^line 7$', '--tail', '2')).stdout).toBe('line 2\nline 7\n');
    expect(fake.requests.map(({ tail }) => tail)).toEqual([10_000, 100_000]);
  });

  test('and --tail are followed without a gap or a double', async () => {
    const fake = numbered(50);
    await serve(fake);
    const child = startCli(['--root', root.dir, 'logs', '-f', 'web', '--grep', '5$', '-n', '2']);
    const stdout = new Listener(child.stdout);
    await stdout.has('line 45\n');
    fake.add('executable/web', 'line 50', 'line 55');
    await stdout.has('line 55\n');
    fake.end('executable/web');
    await once(child, 'close');
    expect(stdout.text).toBe('line 35\nline 45\nline 55\n');
  });

  test('what it finds stands out on a terminal', async () => {
    await serve(new FakeLogs().add('executable/web', 'one two one'));
    await using terminal = Terminal.run(['--root', root.dir, 'logs', 'web', '--grep', 'one']);
    expect(await terminal.exited).toBe(0);
    const found = '\u001b[1m\u001b[31mone\u001b[39m\u001b[22m';
    expect(terminal.shown).toBe(`${found} two ${found}\r\n`);
  });

  test('keeps the count of what is lost, also before lines that are not shown', async () => {
    const fake = new FakeLogs().add('executable/web', 'a', { line: 'b', dropped: 4n }, { line: 'a', dropped: 1n });
    await serve(fake);
    expect(await logs('web', '--grep', 'a')).toMatchObject({
      stdout: 'a\na\n',
      stderr: '… 4 lines lost\n… 1 line lost\n',
    });
    const { stdout } = await logs('web', '--grep', 'a', '--output', 'json');
    const items = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: string; dropped?: string; channel?: string });
    expect(items.map(({ dropped = '0', channel = '' }) => [channel, dropped])).toEqual([
      ['stdout', '0'],
      ['', '4'],
      ['', '1'],
      ['stdout', '0'],
    ]);
  });

  test('that takes for ever is ended by Ctrl-C', async () => {
    const fake = new FakeLogs().add('executable/web', 'fine', `${'a'.repeat(50)}!`);
    await serve(fake);
    const child = startCli(['--root', root.dir, 'logs', 'web', '--grep', '^(a+)+$|fine']);
    const result = resultOf(child);
    await expect.poll(() => fake.requests.length, { timeout: 30_000 }).toBeGreaterThan(0);
    // It has to be at it: before, the signal is handled in another way.
    await expect.poll(() => cpuSeconds(child.pid as number), { timeout: 40_000 }).toBeGreaterThan(2);
    child.kill('SIGINT');
    expect((await result).code).toBe(130);
  });
});

/** proc_pid_stat(5): user time, in ticks of a hundredth of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const fields = (await readFile(`/proc/${pid}/stat`, 'latin1')).replace(/^.*\) /, '').split(' ');
  return Number(fields[11]) / 100;
}

describe('a follower outlasts auraed', () => {
  test.each([
    [['web'], ''],
    [['web', 'other'], 'web   | '],
    [['web', '--grep', 'w'], ''],
  ])('without a gap or a double: %j', async (names, prefix) => {
    const fake = new FakeLogs()
      .add('executable/web', 'w1', 'w2')
      .add('executable/other', { line: 'o1', timestamp: 1n });
    await serve(fake);
    const child = startCli(['--root', root.dir, 'logs', '-f', ...names]);
    const stdout = new Listener(child.stdout);
    const stderr = new Listener(child.stderr);
    await stdout.has('w2\n');
    daemon?.kill();
    await stderr.has('aurae: auraed is gone, waiting for it\n');
    fake.add('executable/web', 'w3', 'w4', 'w5', 'w6');
    await serve(fake);
    await stderr.has('aurae: auraed is back\n');
    await stdout.has('w6\n');
    fake.add('executable/web', 'w7');
    await stdout.has('w7\n');
    fake.end('executable/web');
    fake.end('executable/other');
    expect((await once(child, 'close'))[0]).toBe(0);
    const own = stdout.text.split('\n').filter((line) => line.startsWith(`${prefix}w`));
    expect(own).toEqual([1, 2, 3, 4, 5, 6, 7].map((number) => `${prefix}w${number}`));
    expect(stderr.text).toBe('aurae: auraed is gone, waiting for it\naurae: auraed is back\n');
  });

  test.each([[['web']], [['web', 'other']], [['web', '--grep', 'w']]])('only what is new: %j', async (names) => {
    const now = BigInt(Date.now());
    const fake = new FakeLogs().add('executable/web', 'old w1').add('executable/other', 'old o1');
    await serve(fake);
    const child = startCli(['--root', root.dir, 'logs', '-f', '-n', '0', '--output', 'json', ...names]);
    const stdout = new Listener(child.stdout);
    const stderr = new Listener(child.stderr);
    await expect.poll(() => fake.requests.some(({ follow }) => follow), { timeout: 30_000 }).toBe(true);
    expect(fake.requests.every(({ sinceMs, tail }) => sinceMs >= now && tail === 0)).toBe(true);
    daemon?.kill();
    await stderr.has('aurae: auraed is gone, waiting for it\n');
    fake.add('executable/web', { line: 'new w2', timestamp: now + 3_600_000n });
    await serve(fake);
    await stdout.has('new w2');
    await stderr.has('aurae: auraed is back\n');
    fake.end('executable/web');
    fake.end('executable/other');
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(stdout.text).not.toContain('old');
  });

  test('and reads everything of a log that was begun anew meanwhile', async () => {
    await serve(new FakeLogs().add('executable/web', 'w1', 'w2', 'w3'));
    const child = startCli(['--root', root.dir, 'logs', '-f', 'web']);
    const stdout = new Listener(child.stdout);
    await stdout.has('w3\n');
    daemon?.kill();
    const another = new FakeLogs('another').add('executable/web', 'n1', 'n2');
    await serve(another);
    await stdout.has('n2\n');
    another.end('executable/web');
    await once(child, 'close');
    expect(stdout.text).toBe('w1\nw2\nw3\nn1\nn2\n');
  });

  test('until Ctrl-C, which ends it at once', async () => {
    await serve(new FakeLogs().add('executable/web', 'w1'));
    const child = startCli(['--root', root.dir, 'logs', '-f', 'web']);
    const stderr = new Listener(child.stderr);
    await once(child.stdout, 'data');
    daemon?.kill();
    await stderr.has('waiting for it');
    const ended = once(child, 'close');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
  });

  test('but not who does not follow', async () => {
    const fake = new FakeLogs();
    const endless = {
      observe: {
        async *getWorkloadLogStream() {
          for (;;) yield observe.LogBatch.fromPartial({ items: [{ line: 'x'.repeat(1000), channel: 'stdout' }] });
        },
      },
    };
    fake.services = () => endless;
    await serve(fake);
    const child = startCli(['--root', root.dir, 'logs', 'web']);
    child.stdout.once('data', () => daemon?.kill());
    const { code, stderr } = await resultOf(child);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^aurae: The connection to auraed on ".*" broke off/);
  });
});
