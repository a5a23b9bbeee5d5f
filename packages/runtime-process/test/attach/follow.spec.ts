import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, callContext, type observe, runtime } from '@aurae/proto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandSessions } from '../../src/attach/command-sessions.js';
import { CommandRunner } from '../../src/command-runner.js';
import { LineItems } from '../../src/exec-follow-lines.js';
import { LiveCommands } from '../../src/live-commands.js';
import { defaultProcessRuntimeOptions } from '../../src/process-runtime-options.js';
import { mark, markedProcesses } from '../exec-harness.js';
import { makeFifo } from '../fifo.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Conversation } from './session-harness.js';

const options = { ...defaultProcessRuntimeOptions, killGraceMs: 100, leftBehindGraceMs: 50 };
const [markName = '', markValue = ''] = mark.split('=');
const never = callContext().signal;
let commands = new LiveCommands(options);
let runner = new CommandRunner(options, commands);

beforeEach(() => {
  commands = new LiveCommands(options);
  runner = new CommandRunner(options, commands);
});

afterEach(async () => {
  await commands[Symbol.asyncDispose]();
  expect(markedProcesses()).toEqual([]);
});

type Item = Pick<observe.LogItem, 'channel' | 'line' | 'partial'> & { readonly sequence: number };

async function all(items: AsyncIterable<observe.LogItem> | undefined): Promise<Item[]> {
  const read: Item[] = [];
  for await (const { channel, line, partial, sequence } of items ?? []) {
    read.push({ channel, line, partial, sequence: Number(sequence) });
  }
  return read;
}

/** Runs `script` where `$0` is a fifo; `go` lets a `read` from it go on. */
function run(script: string, request: Partial<runtime.Executable> = {}) {
  const fifo = makeFifo(temporaryDirectory());
  const argv = ['/bin/sh', '-c', script, fifo.path];
  const answer = runner.run(
    runtime.Executable.fromPartial({ argv, env: { [markName]: markValue }, ...request }),
    never,
  );
  return { fifo, answer };
}

/** The pid of the only command: of its processes, only the main one can be followed. */
async function onlyPid(): Promise<number> {
  for (;;) {
    const pids = markedProcesses().map((line) => Number(line.split(' ')[0]));
    const pid = pids.find((candidate) => runner.follow(candidate, 'stdout', never));
    if (pid !== undefined) return pid;
    await delay(2);
  }
}

describe('following a command that runs', () => {
  test('replays what it wrote, goes on with what it writes, and ends with it', async () => {
    const { fifo, answer } = run('echo one; printf tw; : > "$0"; echo o; echo bad >&2; printf rest');
    const pid = await onlyPid();
    const lines = runner.follow(pid, 'stdout', never)?.[Symbol.asyncIterator]();
    expect((await lines?.next())?.value).toMatchObject({ line: 'one', sequence: 1n, partial: false, dropped: 0n });
    const late = all(runner.follow(pid, 'stdout', never));
    const errors = all(runner.follow(pid, 'stderr', never));
    const two = lines?.next();
    await fifo.opened();
    expect((await two)?.value).toMatchObject({ line: 'two', sequence: 2n, partial: false });
    expect((await lines?.next())?.value).toMatchObject({ line: 'rest', sequence: 3n, partial: true });
    expect(await lines?.next()).toMatchObject({ done: true });
    expect((await late).map(({ line }) => line)).toEqual(['one', 'two', 'rest']);
    expect(await errors).toEqual([{ channel: 'stderr', line: 'bad', partial: false, sequence: 1 }]);
    expect(await answer).toMatchObject({ exitCode: '0', stdout: 'one\ntwo\nrest' });
    expect(runner.follow(pid, 'stdout', never)).toBeUndefined();
  });

  test('waits for a reader that comes to it only after the end', async () => {
    const { fifo, answer } = run('echo one; : > "$0"; seq 2 50000');
    const pid = await onlyPid();
    const lines = runner.follow(pid, 'stdout', never)?.[Symbol.asyncIterator]();
    expect((await lines?.next())?.value).toMatchObject({ line: 'one' });
    await fifo.opened();
    await answer;
    let last: observe.LogItem | undefined;
    for (let next = await lines?.next(); !next?.done; next = await lines?.next()) last = next?.value;
    expect(last).toMatchObject({ line: '50000', sequence: 50_000n });
  });

  test('goes on while background processes are ended', async () => {
    runner = new CommandRunner({ ...options, leftBehindGraceMs: 30_000 }, commands);
    const script = '(trap "echo bye; exit" TERM; echo up; while :; do sleep 0.01; done) & : > "$0"';
    const { fifo, answer } = run(script);
    const lines = runner.follow(await onlyPid(), 'stdout', never)?.[Symbol.asyncIterator]();
    expect((await lines?.next())?.value).toMatchObject({ line: 'up' });
    await fifo.opened();
    expect((await lines?.next())?.value).toMatchObject({ line: 'bye' });
    expect(await lines?.next()).toMatchObject({ done: true });
    await answer;
  });

  test('stops when its signal aborts', async () => {
    const { fifo, answer } = run(': > "$0"');
    const pid = await onlyPid();
    const controller = new AbortController();
    const lines = all(runner.follow(pid, 'stdout', controller.signal));
    controller.abort();
    await expect(lines).rejects.toBeInstanceOf(CancelledError);
    await fifo.opened();
    await answer;
  });

  test('is not possible for a process that is no command', () => {
    expect(runner.follow(process.pid, 'stdout', never)).toBeUndefined();
  });
});

describe('following a conversation', () => {
  const converse = (command: string) => new Conversation(new CommandSessions(options, commands), { command });

  test('tells what is said from now on, to the end', async () => {
    const conversation = converse('while read -r line; do echo "<$line>"; done; printf end');
    const pid = await conversation.started();
    conversation.type('one\n');
    await conversation.until('<one>\n');
    const lines = all(runner.follow(pid, 'stdout', never));
    conversation.type('two\n');
    conversation.requests.end();
    await conversation.finish();
    expect(await lines).toEqual([
      { channel: 'stdout', line: '<two>', partial: false, sequence: 1 },
      { channel: 'stdout', line: 'end', partial: true, sequence: 2 },
    ]);
  });

  test('never slows it down: what its reader is late for is counted', async () => {
    const conversation = converse('read -r line; seq 1 200000');
    const pid = await conversation.started();
    const lines = runner.follow(pid, 'stdout', never)?.[Symbol.asyncIterator]();
    const first = lines?.next();
    conversation.type('\n');
    const { stdout } = await conversation.finish();
    expect(stdout.endsWith('\n200000\n')).toBe(true);
    let count = 0n;
    let last: observe.LogItem | undefined;
    for (let next = await first; !next?.done; next = await lines?.next()) {
      last = next?.value;
      count += 1n + (last?.dropped ?? 0n);
      expect(last?.sequence).toBe(count);
    }
    expect(last?.line).toBe('200000');
    expect(last?.dropped).toBeGreaterThan(100_000n);
  });
});

describe('LineItems', () => {
  test('cuts the same lines out of any pieces, and loses no byte', () => {
    const line = fc.uint8Array({ maxLength: 40 });
    const pieces = fc.array(fc.oneof(line, fc.constant(Uint8Array.of(10)), fc.constant(new Uint8Array(17_000))));
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: 1, max: 30_000 }), { maxLength: 5 }), (parts, cuts) => {
        const bytes = Buffer.concat(parts);
        const whole = itemsOf([bytes]);
        expect(itemsOf(cut(bytes, cuts))).toEqual(whole);
        const joined = whole.map(({ bytes: part, partial }) => Buffer.concat([part, Buffer.from(partial ? '' : '\n')]));
        expect(Buffer.concat(joined)).toEqual(bytes);
        expect(whole.every(({ bytes: part }) => part.length <= 16 * 1024)).toBe(true);
        expect(whole.map(({ sequence }) => sequence)).toEqual(whole.map((_, index) => BigInt(index + 1)));
      }),
    );
  });

  function itemsOf(pieces: readonly Buffer[]) {
    const lines = new LineItems('stdout');
    const items = [...pieces.flatMap((piece) => [...lines.add(piece)]), ...lines.end()];
    return items.map(({ line, lineBytes, partial, sequence }) => ({
      bytes: lineBytes.length > 0 ? lineBytes : Buffer.from(line),
      partial,
      sequence,
    }));
  }

  function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
    const pieces: Buffer[] = [];
    let start = 0;
    for (const length of lengths) {
      pieces.push(bytes.subarray(start, start + length));
      start += length;
    }
    return [...pieces, bytes.subarray(start)];
  }
});
