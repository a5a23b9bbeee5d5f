import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { meta } from '@aurae/proto';
import { afterEach, describe, expect, it } from 'vitest';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
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

describe('a console that nobody reads', () => {
  it('does not stop the process, and gets every line once when it is read again', async () => {
    const child = await consoleChild();
    // The first write was in the stream already: it counts as accepted. The second had not begun.
    expect(await tell(child, 'writeUnread')).toEqual(['fulfilled', 'rejected']);
    expect(await tell(child, 'ping')).toBe('pong');
    const output = text(child.stdout as NonNullable<typeof child.stdout>);
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
        details: { writtenRecords: '0', lostRecords: '1' },
      },
    });
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
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
