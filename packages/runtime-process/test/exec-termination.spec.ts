import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CancelledError, meta, ResourceExhaustedError, runtime, ShuttingDownError } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';
import { describe, expect, test } from 'vitest';
import { parseStat } from '../src/process-entry.js';
import { compiledFixture } from './compiled-fixture.js';
import { exec, markedProcesses, useRuntime } from './exec-harness.js';
import { makeFifo } from './fifo.js';
import { temporaryDirectory } from './temporary-directory.js';

const current = useRuntime({ killGraceMs: 50, leftBehindGraceMs: 50 });
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const { TERMINATION_NONE, TERMINATION_SHUTDOWN, TERMINATION_TIMEOUT } = runtime.Termination;

function isMainThreadExits(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.includes('(main-thread-exi)') && parseStat(stat) !== undefined;
  } catch {
    return false;
  }
}

describe('a caller that goes away', () => {
  test.each([
    ['that ignores TERM', 'ignore-term.sh'],
    ['whose grandchild has detached itself', 'double-fork.sh'],
  ])('ends a tree %s before the call returns', async (_, name) => {
    const ready = makeFifo(temporaryDirectory());
    const controller = new AbortController();
    const call = exec(current(), { argv: [fixture(name), ready.path, 'wait'] }, controller.signal);
    await ready.opened();
    expect(markedProcesses()).not.toEqual([]);
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
    expect(markedProcesses()).toEqual([]);
  });

  test.each([
    ['itself', 'exec "$0" "$1"'],
    ['in the background', '"$0" "$1" & wait'],
  ])('ends a process whose main thread has ended before the others: %s', async (_, command) => {
    const ready = makeFifo(temporaryDirectory());
    const controller = new AbortController();
    const argv = ['/bin/sh', '-c', command, compiledFixture('main-thread-exits'), ready.path];
    const call = exec(current(), { argv }, controller.signal);
    await ready.opened();
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
    // Its main thread's memory is gone, and the mark with it: only the name tells.
    expect(readdirSync('/proc').filter(isMainThreadExits)).toEqual([]);
  });

  test('gets the reason of its signal', async () => {
    const reason = new ShuttingDownError('going down');
    const ready = makeFifo(temporaryDirectory());
    const controller = new AbortController();
    const call = exec(current(), { argv: [fixture('ignore-term.sh'), ready.path] }, controller.signal);
    await ready.opened();
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('starts nothing when it was gone before', async () => {
    await expect(exec(current(), { command: 'sleep 1000' }, AbortSignal.abort())).rejects.toBeInstanceOf(
      CancelledError,
    );
  });

  test('ends a process that is only being started', async () => {
    const controller = new AbortController();
    const call = exec(current(), { command: 'sleep 1000' }, controller.signal);
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
  });

  test('reaches a stopped process by TERM', async () => {
    const slow = new ProcessRuntime({ killGraceMs: 600_000 });
    const status = await exec(slow, { command: 'trap "exit 5" TERM; kill -STOP $$', timeoutMs: 20 });
    expect(status).toMatchObject({ exitCode: '5', termination: TERMINATION_TIMEOUT });
    await slow.dispose();
  });
});

describe('a timeout', () => {
  test('answers with what was captured until then', async () => {
    const status = await exec(current(), { command: 'echo before; exec sleep 1000', timeoutMs: 100 });
    expect(status).toMatchObject({
      status: meta.Status.STATUS_COMPLETE,
      stdout: 'before\n',
      exitCode: '143',
      signal: 15,
      termination: TERMINATION_TIMEOUT,
    });
    expect(status.meta?.message).toContain('Timed out after 100 ms');
  });

  test('that is longer than a timer can run does not fire', async () => {
    const status = await exec(current(), { command: 'sleep 0.1; echo done', timeoutMs: 4_294_967_295 });
    expect(status).toMatchObject({ stdout: 'done\n', termination: TERMINATION_NONE });
  });
});

describe('background processes of a command that has ended', () => {
  test.each([
    ['hold its output', 'sleep 1000 & echo hi; exit 4'],
    [
      'do not hold its output',
      // Once it is `sleep`, it has let go of the output.
      'sleep 1000 >/dev/null 2>&1 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done; echo hi; exit 4',
    ],
    ['ignore TERM', '(trap "" TERM; while :; do sleep 1000; done) & echo hi; exit 4'],
    ['write all the time', 'yes & echo hi; exit 4'],
  ])('are ended when they %s', async (_, command) => {
    const status = await exec(current(), { command });
    expect(status).toMatchObject({ exitCode: '4', signal: 0, termination: TERMINATION_NONE });
    expect(status.stdout).toContain('hi\n');
    expect(status.meta?.message).toMatch(/\d background process(es were| was) ended .* ExecutableStart/);
    expect(markedProcesses()).toEqual([]);
  });

  test('are found in a session of their own when they hold its output', async () => {
    const status = await exec(current(), { command: 'setsid sleep 1000 & echo hi' });
    expect(status).toMatchObject({ stdout: 'hi\n', exitCode: '0' });
    expect(status.meta?.message).toContain('1 background process was ended');
  });
});

describe('limits', () => {
  test('of commands at a time are told', async () => {
    await using small = new ProcessRuntime({ maxLiveExecs: 1, killGraceMs: 50 });
    const ready = makeFifo(temporaryDirectory());
    const controller = new AbortController();
    const first = exec(small, { argv: [fixture('ignore-term.sh'), ready.path] }, controller.signal);
    await ready.opened();
    await expect(exec(small, { command: '/bin/true' })).rejects.toBeInstanceOf(ResourceExhaustedError);
    controller.abort();
    await expect(first).rejects.toBeInstanceOf(CancelledError);
    expect((await exec(small, { command: '/bin/true' })).exitCode).toBe('0');
  });

  test('of all captured output cut early, and say so', async () => {
    await using small = new ProcessRuntime({ outputBudgetBytes: 100_000 });
    const status = await exec(small, { command: 'head -c 300000 /dev/zero' });
    expect(status).toMatchObject({ exitCode: '0', stdoutDroppedBytes: 200_000n });
    expect(status.meta?.message).toContain('captured output of all running commands');
    expect(await exec(small, { command: 'head -c 300000 /dev/zero' })).toMatchObject({ stdoutDroppedBytes: 200_000n });
  });
});

describe('dispose', () => {
  test('ends what runs, answers it, and refuses what comes after', async () => {
    const ready = makeFifo(temporaryDirectory());
    const call = exec(current(), { argv: [fixture('ignore-term.sh'), ready.path] });
    await ready.opened();
    const starting = exec(current(), { command: 'sleep 1000' });
    await Promise.all([current().dispose(), current().dispose()]);
    expect(await call).toMatchObject({ exitCode: '137', signal: 9, termination: TERMINATION_SHUTDOWN });
    expect(await starting).toMatchObject({ termination: TERMINATION_SHUTDOWN });
    expect(markedProcesses()).toEqual([]);
    await expect(exec(current(), { command: '/bin/true' })).rejects.toBeInstanceOf(ShuttingDownError);
  });

  test('leaves the cause of a termination that has begun', async () => {
    const ready = makeFifo(temporaryDirectory());
    const controller = new AbortController();
    const call = exec(current(), { argv: [fixture('ignore-term.sh'), ready.path] }, controller.signal);
    await ready.opened();
    controller.abort();
    await Promise.all([current().dispose(), expect(call).rejects.toBeInstanceOf(CancelledError)]);
  });
});
