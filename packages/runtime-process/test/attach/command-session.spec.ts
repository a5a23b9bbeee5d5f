import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CancelledError,
  InvalidSpecError,
  meta,
  ResourceExhaustedError,
  runtime,
  ShuttingDownError,
} from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { CommandSessions } from '../../src/attach/command-sessions.js';
import { defaultProcessRuntimeOptions } from '../../src/process-runtime-options.js';
import { markedProcesses } from '../exec-harness.js';
import { makeFifo } from '../fifo.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Conversation, type OpenOptions, patientSessions, useSessions } from './session-harness.js';

const current = useSessions({ killGraceMs: 200, leftBehindGraceMs: 50 });
const converse = (options: OpenOptions) => new Conversation(current(), options);
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const { STATUS_COMPLETE, STATUS_ERROR } = meta.Status;

/** Waits for what only /proc tells. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(2);
}

/** Bytes that a process has written, whether they were read or not. */
function writtenBytes(pid: number): number {
  return Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** Lets the event loop turn, so that whoever would read on has read on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
}

/** What a process has written once it waits for its reader. */
async function settled(pid: number): Promise<number> {
  for (;;) {
    const written = writtenBytes(pid);
    await turns();
    if (isWriting(pid) && writtenBytes(pid) === written) return written;
  }
}

/** Whether it waits in write(2) of a pipe. One that has ended does not. */
function isWriting(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/wchan`, 'utf8').includes('pipe_write');
}

describe('a new command', () => {
  test('tells its pid first, and its end last', async () => {
    const conversation = converse({ command: 'echo $$; echo bad >&2; exit 3' });
    const pid = await conversation.started();
    const { stdout, stderr, ended } = await conversation.finish();
    expect(stdout).toBe(`${pid}\n`);
    expect(stderr).toBe('bad\n');
    expect(ended).toMatchObject({ status: STATUS_COMPLETE, exitCode: '3', signal: 0, proc: { pid }, stdout: '' });
    expect(ended.usage).toBeDefined();
    expect(conversation.requests.returned).toBe(true);
  });

  test('reads what is sent, to its end', async () => {
    const conversation = converse({ argv: ['cat'] });
    conversation.type('one ');
    conversation.type('two');
    expect(await conversation.until('two')).toBe('one two');
    conversation.requests.push({ $case: 'stdinClosed', value: true });
    expect(await conversation.finish()).toMatchObject({ stdout: '', ended: { exitCode: '0' } });
  });

  test('takes the end of the requests as the end of its input', async () => {
    const conversation = converse({ argv: ['cat'] });
    conversation.type('all');
    conversation.requests.end();
    expect(await conversation.finish()).toMatchObject({ stdout: 'all', ended: { exitCode: '0' } });
  });

  test('has nothing to read without stdin', async () => {
    const conversation = converse({ command: 'readlink /proc/self/fd/0; cat', stdin: false });
    expect(await conversation.finish()).toMatchObject({ stdout: '/dev/null\n', ended: { exitCode: '0' } });
  });

  test('gets and gives 10 MB exactly', async () => {
    const bytes = randomBytes(10_000_000);
    const conversation = converse({ argv: ['cat'] });
    for (let start = 0; start < bytes.length; start += 100_000)
      conversation.type(bytes.subarray(start, start + 100_000));
    conversation.requests.end();
    const { stdout, ended } = await conversation.finishBytes();
    expect(ended.exitCode).toBe('0');
    expect(createHash('sha256').update(stdout).digest()).toEqual(createHash('sha256').update(bytes).digest());
  });

  test('is not told of input that it does not want', async () => {
    const conversation = converse({ command: 'exec <&-; echo closed; read -r line < "$0"', argv: [] });
    await conversation.leave();
    const deaf = converse({ command: 'exec <&-; echo closed; sleep 0.1; exit 4' });
    await deaf.until('closed');
    for (let piece = 0; piece < 40; piece++) deaf.type(Buffer.alloc(100_000));
    expect(await deaf.finish()).toMatchObject({ ended: { exitCode: '4', signal: 0 } });
  });

  test('gets signals by name and by number', async () => {
    const script =
      'trap "echo hup" HUP; trap "echo usr1" USR1; trap "exit 9" TERM; echo ready; while :; do sleep 0.01; done';
    const conversation = converse({ command: script });
    await conversation.until('ready');
    conversation.requests.push({ $case: 'signal', value: 'hup' });
    await conversation.until('hup');
    conversation.requests.push({ $case: 'signal', value: 'SIGUSR1' });
    await conversation.until('usr1');
    conversation.requests.push({ $case: 'signal', value: '15' });
    expect((await conversation.finish()).ended.exitCode).toBe('9');
  });

  test('dies of a signal', async () => {
    const conversation = converse({ argv: ['sleep', '1000'] });
    await conversation.started();
    conversation.requests.push({ $case: 'signal', value: 'KILL' });
    expect((await conversation.finish()).ended).toMatchObject({ exitCode: '137', signal: 9 });
  });

  test('is ended at its timeout', async () => {
    const { stdout, ended } = await converse({ command: 'echo before; exec sleep 1000', timeoutMs: 100 }).finish();
    expect(stdout).toBe('before\n');
    expect(ended).toMatchObject({ exitCode: '143', termination: runtime.Termination.TERMINATION_TIMEOUT });
  });
});

describe('a slow side', () => {
  test('output waits for its reader, and memory does not grow', async () => {
    const conversation = converse({ argv: ['cat', '/dev/zero'] });
    const pid = await conversation.started();
    const written = await settled(pid);
    // The pipe, four answers, and one on its way.
    expect(written).toBeLessThan(64 * 1024 * 8);
    await turns();
    expect(writtenBytes(pid)).toBe(written);
    for (let piece = 0; piece < 50; piece++) expect((await conversation.next())?.$case).toBe('stdout');
    await conversation.leave();
    expect(markedProcesses()).toEqual([]);
  });

  test('input waits for the command, and signals pass it by', async () => {
    const conversation = converse({ command: 'trap "exit 6" USR1; echo ready; while :; do sleep 0.01; done' });
    await conversation.until('ready');
    for (let piece = 0; piece < 9; piece++) conversation.type(Buffer.alloc(100_000));
    conversation.requests.push({ $case: 'signal', value: 'USR1' });
    expect((await conversation.finish()).ended.exitCode).toBe('6');
  });

  test('input beyond 1 MiB is not taken', async () => {
    const conversation = converse({ command: 'echo ready; exec sleep 1000' });
    await conversation.until('ready');
    for (let piece = 0; piece < 100; piece++) conversation.type(Buffer.alloc(100_000));
    await eventually(() => conversation.requests.taken >= 11);
    await turns();
    expect(conversation.requests.taken).toBeLessThan(13);
    await conversation.leave();
  });

  test('the rest of the output comes after the end, however late it is read', async () => {
    const conversation = converse({ command: 'head -c 400000 /dev/zero; exit 5' });
    const pid = await conversation.started();
    for (let piece = 0; piece < 2; piece++) await conversation.next();
    // The shell waits for `head`, and it is that which waits in write(2) when there is no room.
    await eventually(() => {
      const pids = markedProcesses().map((line) => Number.parseInt(line, 10));
      return !pids.includes(pid) || pids.some(isWriting);
    });
    const { ended } = await conversation.finishBytes();
    expect(ended.exitCode).toBe('5');
  });
});

describe('a client that goes away', () => {
  test.each([
    ['that ignores TERM', 'ignore-term.sh'],
    ['whose grandchild has detached itself', 'double-fork.sh'],
  ])('ends a tree %s before the conversation is over', async (_, name) => {
    const ready = makeFifo(temporaryDirectory());
    const controller = new AbortController();
    const conversation = converse({ argv: [fixture(name), ready.path, 'wait'], signal: controller.signal });
    await conversation.started();
    await ready.opened();
    expect(markedProcesses()).not.toEqual([]);
    const rest = conversation.finish();
    controller.abort();
    await expect(rest).rejects.toBeInstanceOf(CancelledError);
    expect(markedProcesses()).toEqual([]);
  });

  test('ends a command whose output it did not read', async () => {
    const controller = new AbortController();
    const conversation = converse({ argv: ['cat', '/dev/zero'], signal: controller.signal });
    const pid = await conversation.started();
    await eventually(() => isWriting(pid));
    controller.abort();
    await expect(conversation.finish()).rejects.toBeInstanceOf(CancelledError);
    expect(markedProcesses()).toEqual([]);
  });

  test('starts nothing when it was gone before', async () => {
    const signal = AbortSignal.abort(new ShuttingDownError('going down'));
    await expect(converse({ command: 'sleep 1000', signal }).finish()).rejects.toBeInstanceOf(ShuttingDownError);
  });

  test('ends a command that is only being started', async () => {
    const controller = new AbortController();
    const rest = converse({ command: 'sleep 1000', signal: controller.signal }).finish();
    controller.abort();
    await expect(rest).rejects.toBeInstanceOf(CancelledError);
  });

  test('is told by requests that fail', async () => {
    const conversation = converse({ command: 'sleep 1000' });
    await conversation.started();
    const error = new Error('connection reset');
    conversation.requests.fail(error);
    await expect(conversation.finish()).rejects.toBe(error);
    expect(markedProcesses()).toEqual([]);
  });
});

describe('a wrong request ends the conversation and the command', () => {
  const open = runtime.AttachRequest.fromPartial({ input: { $case: 'open', value: {} } }).input;
  test.each<[string, boolean, runtime.AttachRequest['input'], string]>([
    ['a signal that is none', true, { $case: 'signal', value: 'NOPE' }, 'signal'],
    ['a second open', true, open, 'open'],
    ['input that was not asked for', false, { $case: 'stdin', value: Buffer.from('x') }, 'stdin'],
    ['an empty request', true, undefined, 'input'],
    ['a size that is none', true, { $case: 'resize', value: { rows: 70_000, columns: 1 } }, 'resize.rows'],
  ])('%s', async (_, stdin, input, field) => {
    const conversation = converse({ command: 'sleep 1000', stdin });
    await conversation.started();
    conversation.requests.push(input);
    const failure = await conversation.finish().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidSpecError);
    expect(failure).toMatchObject({ violations: [{ field }] });
    expect(markedProcesses()).toEqual([]);
  });

  test('a target that is no new command', async () => {
    const opened = runtime.AttachOpen.fromPartial({ argv: ['x'] });
    const requests = converse({}).requests;
    const answers = current().attach(opened, requests, new AbortController().signal);
    await expect(answers.next()).rejects.toBeInstanceOf(InvalidSpecError);
  });
});

describe('a command that cannot run', () => {
  test.each<[string, OpenOptions, string, runtime.StartStep]>([
    ['no program', { command: 'no-such-program' }, 'ENOENT', runtime.StartStep.START_STEP_PROGRAM],
    ['no directory', { command: '/bin/true', cwd: '/nowhere' }, 'ENOENT', runtime.StartStep.START_STEP_DIRECTORY],
    [
      'no program on a terminal',
      { command: '/etc/passwd', size: [24, 80] },
      'EACCES',
      runtime.StartStep.START_STEP_PROGRAM,
    ],
  ])('%s', async (_, options, errorCode, failedStep) => {
    const { ended } = await converse(options).finish();
    expect(ended).toMatchObject({ status: STATUS_ERROR, errorCode, failedStep, exitCode: '' });
    expect(ended.meta?.message).toContain('Cannot run');
  });
});

describe('background processes', () => {
  test.each([
    ['hold its output', 'sleep 1000 & echo hi; exit 4'],
    [
      'hold its output in a session of their own',
      // While it executes a program, a process cannot be recognised.
      'setsid sleep 1000 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done; echo hi; exit 4',
    ],
    ['ignore TERM', '(trap "" TERM; while :; do sleep 1000; done) & echo hi; exit 4'],
    ['write all the time', 'yes & echo hi; exit 4'],
  ])('are ended with the command when they %s', async (_, command) => {
    const { stdout, ended } = await converse({ command }).finish();
    expect(stdout).toContain('hi\n');
    expect(ended).toMatchObject({ exitCode: '4', signal: 0 });
    expect(ended.meta?.message).toMatch(/\d background process(es were| was) ended/);
    expect(markedProcesses()).toEqual([]);
  });
});

describe('limits and the end', () => {
  test('commands at a time are limited', async () => {
    await using small = new CommandSessions({ ...defaultProcessRuntimeOptions, maxLiveExecs: 1, killGraceMs: 50 });
    const first = new Conversation(small, { command: 'sleep 1000' });
    await first.started();
    await expect(new Conversation(small, { command: '/bin/true' }).finish()).rejects.toBeInstanceOf(
      ResourceExhaustedError,
    );
    await first.leave();
    expect((await new Conversation(small, { command: '/bin/true' }).finish()).ended.exitCode).toBe('0');
  });

  test('dispose ends what runs, tells its reader, and refuses what comes after', async () => {
    const sessions = patientSessions();
    const command = 'trap "echo bye; exit 8" TERM; echo ready; while :; do sleep 0.01; done';
    const conversation = new Conversation(sessions, { command });
    const silent = new Conversation(sessions, { argv: ['cat', '/dev/zero'] });
    await conversation.until('ready');
    await silent.started();
    await sessions[Symbol.asyncDispose]();
    expect(markedProcesses()).toEqual([]);
    const { stdout, ended } = await conversation.finish();
    expect(stdout).toContain('bye\n');
    expect(ended).toMatchObject({ exitCode: '8', termination: runtime.Termination.TERMINATION_SHUTDOWN });
    const late = new Conversation(sessions, { command: '/bin/true' });
    await expect(late.finish()).rejects.toBeInstanceOf(ShuttingDownError);
  });
});
