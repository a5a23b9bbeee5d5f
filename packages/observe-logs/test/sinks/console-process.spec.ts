import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { meta } from '@aurae/proto';
import { afterEach, describe, expect, it } from 'vitest';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const { HEALTH_STATE_SERVING: SERVING, HEALTH_STATE_DEGRADED: DEGRADED } = meta.HealthState;
/** As in the fixture. */
const appendedLines = 3000;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    // Ends what a child has started, too.
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
});

async function consoleChild(): Promise<ChildProcess> {
  const child = fork(fixture('run.js'), [fixture('console-child.ts')], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  });
  children.push(child);
  await message(child, 'ready');
  return child;
}

async function message(child: ChildProcess, key: string): Promise<Record<string, unknown>> {
  for (;;) {
    const [received] = (await once(child, 'message')) as [Record<string, unknown>];
    if (key in received) return received;
  }
}

async function tell(child: ChildProcess, command: string): Promise<unknown> {
  child.send(command);
  return (await message(child, 'answer'))['answer'];
}

interface Terminal {
  readonly child: ChildProcess;
  /** Reads the terminal from now on, to its end. */
  thaw(): void;
  readonly output: Promise<string>;
}

/** A process whose standard output and standard error are a terminal that nobody reads. */
async function terminalChild(): Promise<Terminal> {
  const master = spawn(
    'python3',
    [fixture('frozen-terminal.py'), process.execPath, fixture('run.js'), fixture('terminal-child.ts')],
    {
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    },
  );
  children.push(master);
  await message(master, 'ready');
  return {
    child: master,
    thaw: () => void master.stdin?.end('thaw\n'),
    output: text(master.stdout as NonNullable<typeof master.stdout>),
  };
}

interface TerminalStatus {
  readonly writtenRecords: number;
  readonly pendingRecords: number;
  readonly health: meta.Health;
}

async function until(
  child: ChildProcess,
  command: 'status',
  done: (answer: TerminalStatus) => boolean,
): Promise<unknown>;
async function until(child: ChildProcess, command: 'heartbeats', done: (answer: number) => boolean): Promise<unknown>;
async function until(child: ChildProcess, command: string, done: (answer: never) => boolean): Promise<unknown> {
  for (;;) {
    const answer = await tell(child, command);
    if (done(answer as never)) return answer;
  }
}

describe('a console that nobody reads', () => {
  it('does not stop the process, and gets every line once when it is read again', async () => {
    const child = await consoleChild();
    expect(await tell(child, 'writeUnread')).toEqual({ statuses: ['rejected', 'rejected'], health: 'DEGRADED' });
    expect(await tell(child, 'ping')).toBe('pong');
    const output = text(child.stdout as NonNullable<typeof child.stdout>);
    // The first write had begun, so doing it again only waits for it. The second had not.
    await tell(child, 'writeFirstAgain');
    expect(await tell(child, 'writeRead')).toEqual({ writtenRecords: '1010', lostRecords: '0' });
    child.disconnect();
    const numbers = [...(await output).matchAll(/"message":"(\d+) /g)].map(([, number]) => Number(number));
    const range = (start: number, count: number) => Array.from({ length: count }, (_, index) => start + index);
    expect(numbers).toEqual([...range(0, 1000), ...range(2000, 10)]);
  });

  it('and whose pipe is closed is no crash: the loss is counted', async () => {
    const child = await consoleChild();
    child.stdout?.destroy();
    await once(child.stdout as NonNullable<typeof child.stdout>, 'close');
    expect(await tell(child, 'dispatch')).toMatchObject({
      status: { writtenRecords: 0, droppedRecords: 1, retries: 0, lastError: { message: /EPIPE/ } },
      description: {
        health: { state: meta.HealthState.HEALTH_STATE_UNAVAILABLE },
        // The line, and the record that tells of its loss.
        details: { writtenRecords: '0', lostRecords: '2' },
      },
    });
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('a terminal that is frozen', () => {
  it('does not stop the process, and gets every line once and the loss told when it goes on', async () => {
    const { child, thaw, output } = await terminalChild();
    await tell(child, 'appendSome');
    const status = await until(child, 'status', ({ health }) => health.state !== SERVING);
    expect(status).toMatchObject({
      writtenRecords: 0,
      lastError: { message: /took longer than 200 ms/ },
      description: { health: { state: DEGRADED } },
    });
    await tell(child, 'appendMany');
    const before = (await tell(child, 'heartbeats')) as number;
    await until(child, 'heartbeats', (beats: number) => beats > before + 20);
    thaw();
    const end = await until(child, 'status', ({ pendingRecords }) => pendingRecords === 0);
    expect(end).toMatchObject({ description: { health: { state: SERVING } } });
    child.send('end');
    const lines = (await output).split('\r\n').slice(0, -1);
    const numbers = lines.flatMap((line) => /line (\d+) x{1000}(?: dropped=\d+)?$/.exec(line)?.[1] ?? []).map(Number);
    const losses = lines.flatMap((line) => / (\d+) lines were lost here/.exec(line)?.[1] ?? []).map(Number);
    expect(numbers.length + losses.length).toBe(lines.length);
    expect(numbers).toEqual([...new Set(numbers)].sort((left, right) => left - right));
    expect(numbers.at(-1)).toBe(appendedLines - 1);
    expect(losses).toEqual([appendedLines - numbers.length]);
  });

  it('holds up neither the last flush nor the end of the process', async () => {
    const { child } = await terminalChild();
    await tell(child, 'appendSome');
    const closed = (await tell(child, 'close')) as { tookMs: number; pendingRecords: number };
    expect(closed.pendingRecords).toBeGreaterThan(0);
    expect(closed.tookMs).toBeLessThan(5000);
    expect(await tell(child, 'sayGoodbye')).toBe(false);
    const exit = once(child, 'exit');
    child.send('end');
    expect(await exit).toEqual([0, null]);
  });
});

it('a real terminal gets coloured pretty output', async () => {
  const command = `'${process.execPath}' '${fixture('run.js')}' '${fixture('console-terminal.ts')}'`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm', NO_COLOR: undefined, FORCE_COLOR: undefined },
  });
  children.push(child);
  expect(await text(child.stdout)).toContain('\u001b[32mINFO \u001b[39m on a terminal');
});

it('a file gets every line at its end, and a device that is full is no crash', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'aurae-console-'));
  const path = join(directory, 'log');
  try {
    await writeFile(path, 'before\n');
    expect(await runWithOutput(path)).toEqual([0, '']);
    expect(await readFile(path, 'utf8')).toMatch(/^before\n\{.*"message":"on a terminal".*\}\n$/);
    const [code, errors] = await runWithOutput('/dev/full');
    expect(code).toBe(1);
    expect(errors).toContain('Cannot write to the console: ENOSPC');
  } finally {
    await rm(directory, { recursive: true });
  }
});

async function runWithOutput(path: string): Promise<[number, string]> {
  const file = await open(path, 'a');
  const child = spawn(process.execPath, [fixture('run.js'), fixture('console-terminal.ts')], {
    stdio: ['ignore', file.fd, 'pipe'],
  });
  children.push(child);
  await file.close();
  const exit = once(child, 'exit');
  const errors = await text(child.stderr as NonNullable<typeof child.stderr>);
  return [((await exit) as [number])[0], errors];
}
