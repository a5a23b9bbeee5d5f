import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../temporary-directory.js';
import { bytesOf, frame, frameType, numbers, type ShimConnection } from './shim-connection.js';
import type { ShimProgram } from './shim-program.js';
import { startShim } from './shim-run.js';

const chunkBytes = 65_536;

function sendInput(client: ShimConnection, input: Buffer): void {
  for (let offset = 0; offset < input.length; offset += chunkBytes) {
    client.send(frameType.stdin, input.subarray(offset, offset + chunkBytes));
  }
  client.send(frameType.stdinEnd);
}

function digestLine(input: Buffer): string {
  return `${createHash('sha256').update(input).digest('hex')}  -\n`;
}

export function socketScenarios(shim: () => ShimProgram): void {
  test('fifty watchers see all output, then the end', async () => {
    const run = startShim(shim(), ['sh', '-c', 'read line; seq 1 5000; echo err >&2; exit 2'], { stdin: 'pipe' });
    await run.started();
    const watchers = await Promise.all(Array.from({ length: 50 }, () => run.connect()));
    await Promise.all(watchers.map((watcher) => watcher.watch()));
    watchers[0]?.send(frameType.stdinEnd);
    const seen = await Promise.all(watchers.map((watcher) => watcher.rest()));
    const exit = await run.exit();
    for (const frames of seen) {
      expect(bytesOf(frames, frameType.stdout).toString()).toBe(run.logged('stdout'));
      expect(bytesOf(frames, frameType.stderr).toString()).toBe('err\n');
      expect(JSON.parse(String(frames.at(-1)?.payload))).toEqual(exit);
      expect(frames.at(-1)?.type).toBe(frameType.ended);
    }
  });

  test('a watcher that does not read holds up nobody, and is told what it missed', async () => {
    const run = startShim(shim(), ['sh', '-c', 'read line; seq 1 400000; echo last >&2'], { stdin: 'pipe' });
    const slow = await run.client();
    await slow.watch();
    slow.socket.pause();
    (await run.connect()).send(frameType.stdinEnd);
    await expect.poll(() => run.logged('stderr'), { timeout: 20_000 }).toBe('last\n');
    const frames = await slow.rest();
    await run.exit();
    const lost = frames.filter((each) => each.type === frameType.lost).map((each) => each.payload.readBigUInt64LE());
    const received = bytesOf(frames, frameType.stdout).length + bytesOf(frames, frameType.stderr).length;
    const total = run.logged('stdout').length + run.logged('stderr').length;
    expect(received).toBeLessThan(total);
    expect(received + Number(lost.reduce((sum, each) => sum + each, 0n))).toBe(total);
  });

  test('input arrives exactly, held up by a reader that is slow, and ends', async () => {
    const input = randomBytes(1 << 20);
    const run = startShim(shim(), ['sh', '-c', 'sleep 0.2; sha256sum'], { stdin: 'pipe' });
    const client = await run.client();
    sendInput(client, input);
    await run.exit();
    expect(run.logged('stdout')).toBe(digestLine(input));
  });

  test('input counts also from a client that is gone before the workload reads', async () => {
    // So much waits in the pipe, in the shim and in the socket.
    const input = randomBytes(3 * chunkBytes);
    const go = join(temporaryDirectory(), 'go');
    const script = `while [ ! -e ${go} ]; do sleep 0.01; done; exec sha256sum`;
    const run = startShim(shim(), ['sh', '-c', script], { stdin: 'pipe' });
    const gone = await run.client();
    sendInput(gone, input);
    gone.socket.destroySoon();
    await once(gone.socket, 'close');
    // The shim answers: it has noticed.
    await (await run.connect()).watch();
    writeFileSync(go, '');
    await run.exit();
    expect(run.logged('stdout')).toBe(digestLine(input));
  });

  test('input for a workload that does not read it holds up its own connection alone', async () => {
    const run = startShim(shim(), ['sleep', '1000'], { stdin: 'pipe' });
    const blocked = await run.client();
    for (let i = 0; i < 64; i++) blocked.send(frameType.stdin, Buffer.alloc(65_536));
    const other = await run.connect();
    other.send(frameType.signal, numbers(9, 0));
    expect(await run.exit()).toMatchObject({ signal: 9, stopped: 0 });
  });

  const broken: readonly [string, Buffer][] = [
    ['an unknown type', frame(99)],
    ['a type of the shim', frame(frameType.ended)],
    ['a reserved byte', Buffer.from([1, 1, 0, 0, 0, 0, 0, 0])],
    ['a payload that is too long', Buffer.from([3, 0, 0, 0, 1, 0, 1, 0])],
    ['a payload of the wrong length', frame(frameType.resize, Buffer.alloc(3))],
    ['a signal that is none', frame(frameType.signal, numbers(65, 0))],
    ['a stop by a signal that is none', frame(frameType.stop, numbers(1000, 0))],
  ];
  test('a client that breaks the rules gets an error and the end, and nobody else notices', async () => {
    const run = startShim(shim(), ['cat'], { stdin: 'pipe' });
    const other = await run.client();
    await other.watch();
    for (const [what, bytes] of broken) {
      const client = await run.connect();
      client.socket.write(bytes);
      const frames = await client.rest();
      expect(
        frames.map((each) => each.type),
        what,
      ).toEqual([frameType.error]);
    }
    const halfway = await run.connect();
    halfway.socket.write(Buffer.from([3, 0, 0, 0, 255, 255, 0, 0, 1, 2, 3]));
    halfway.socket.destroy();
    other.send(frameType.stdin, Buffer.from('still here\n'));
    await other.until('still here');
    other.send(frameType.stdinEnd);
    expect(await run.exit()).toMatchObject({ code: 0 });
  });

  test('a client that asked for the state is told of its changes', async () => {
    const run = startShim(shim(), ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1000; done']);
    const client = await run.client();
    client.send(frameType.state);
    const first = await client.next();
    expect(JSON.parse(String(first?.payload))).toMatchObject({ stopping: 0, protocol: 1 });
    (await run.connect()).send(frameType.stop, numbers(15, 30));
    const second = await client.next();
    expect(second?.type).toBe(frameType.stateIs);
    expect(JSON.parse(String(second?.payload))).toMatchObject({ stopping: 1 });
    await run.exit();
  });

  test('SIGUSR1 brings back a socket that was removed with its directory', async () => {
    const run = startShim(shim(), ['sleep', '1000'], {});
    const { shimPid } = await run.started();
    const socket = join(run.directory, 'socket');
    rmSync(socket);
    process.kill(shimPid, 'SIGUSR1');
    await expect.poll(() => existsSync(socket), { timeout: 20_000 }).toBe(true);
    (await run.connect()).send(frameType.signal, numbers(9, 1));
    expect(await run.exit()).toMatchObject({ signal: 9 });
    expect(existsSync(socket)).toBe(false);
  });

  test('a path that is too long for a socket address works all the same', async () => {
    const directory = join(temporaryDirectory(), 'd'.repeat(100));
    const far = startShim(shim(), ['sleep', '1000'], {}, directory);
    const { shimPid } = await far.started();
    expect(existsSync(join(directory, 'socket'))).toBe(true);
    process.kill(shimPid, 'SIGTERM');
    expect(await far.exit()).toMatchObject({ signal: 15 });
  });

  test('without its directory the shim stays until somebody has read the end', async () => {
    const run = startShim(shim(), ['sh', '-c', 'read line; exit 9'], { stdin: 'pipe' });
    const client = await run.client();
    await client.watch();
    rmSync(run.directory, { recursive: true });
    client.send(frameType.stdinEnd);
    const frames = await client.rest();
    expect(JSON.parse(String(frames.at(-1)?.payload))).toMatchObject({ code: 9 });
    await run.ended;
  });

  test('a client that has connected but says nothing sees the end', async () => {
    const run = startShim(shim(), ['sleep', '1000']);
    const silent = await run.client();
    const closed = once(silent.socket, 'close');
    (await run.connect()).send(frameType.signal, numbers(15, 0));
    const frames = await silent.rest();
    expect(frames.map((each) => each.type)).toEqual([frameType.ended]);
    await Promise.all([closed, run.exit()]);
  });
}
