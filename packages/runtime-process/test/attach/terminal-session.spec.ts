import { createHash, randomBytes } from 'node:crypto';
import { CancelledError, meta } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { markedProcesses } from '../exec-harness.js';
import { Conversation, type OpenOptions, patientSessions, useSessions } from './session-harness.js';

const current = useSessions({ killGraceMs: 200, leftBehindGraceMs: 50 });
const isRoot = process.getuid?.() === 0;
const converse = (options: OpenOptions) => new Conversation(current(), { size: [24, 80], ...options });
const stdinClosed = { $case: 'stdinClosed', value: true } as const;
const interrupt = '\u0003';
const suspend = '\u001a';
const endOfFile = '\u0004';

describe('a command with a terminal', () => {
  test('has it as its controlling one, of the size that was asked for', async () => {
    const { stdout, stderr, ended } = await converse({
      command: 'tty; stty size; echo "$TERM"; stty size < /dev/tty; tty <&2',
      size: [31, 97],
    }).finish();
    const [name, ...rest] = stdout.split('\r\n');
    expect(name).toMatch(/^\/dev\/pts\/\d+$/);
    expect(rest).toEqual(['31 97', 'xterm-256color', '31 97', name, '']);
    expect(stderr).toBe('');
    expect(ended).toMatchObject({ status: meta.Status.STATUS_COMPLETE, exitCode: '0' });
  });

  test('leads its session and the foreground of the terminal', async () => {
    const { stdout } = await converse({ command: 'echo $(ps -o pid=,sid=,tpgid= -p $$)' }).finish();
    const [pid, sid, foreground] = stdout.trim().split(' ');
    expect([sid, foreground]).toEqual([pid, pid]);
  });

  test('may have another TERM', async () => {
    expect((await converse({ command: 'echo "$TERM"', env: { TERM: 'vt100' } }).finish()).stdout).toBe('vt100\r\n');
  });

  test('reads what is typed as a program expects it: by blocking', async () => {
    const conversation = converse({
      command: 'stty -echo; echo ready; read -r one; echo "<$one>"; read -r two; echo "<$two>"',
    });
    await conversation.until('ready\r\n');
    conversation.type('first\n');
    await conversation.until('<first>\r\n');
    conversation.type('second\r');
    expect(await conversation.finish()).toMatchObject({ stdout: '<second>\r\n', ended: { exitCode: '0' } });
  });

  test('learns a new size', async () => {
    const script = 'trap "stty size; exit 3" WINCH; echo ready; while :; do sleep 0.01; done';
    const conversation = converse({ command: script });
    await conversation.until('ready\r\n');
    conversation.requests.push({ $case: 'resize', value: { rows: 50, columns: 132 } });
    expect(await conversation.finish()).toMatchObject({ stdout: '50 132\r\n', ended: { exitCode: '3' } });
  });

  test('is interrupted by Ctrl-C', async () => {
    const conversation = converse({ command: 'echo ready; exec sleep 1000' });
    await conversation.until('ready\r\n');
    conversation.type(interrupt);
    expect((await conversation.finish()).ended).toMatchObject({ exitCode: '130', signal: 2 });
  });

  test('finds the end of its input by Ctrl-D', async () => {
    const conversation = converse({ argv: ['cat'] });
    conversation.type(`line\n${endOfFile}`);
    expect(await conversation.finish()).toMatchObject({ stdout: 'line\r\nline\r\n', ended: { exitCode: '0' } });
  });

  test.each([
    ['at the start of a line', 'line\n'],
    ['in the middle of a line', 'li'],
  ])('finds the end of its input when there is no more: %s', async (_, input) => {
    const conversation = converse({ command: 'stty -echo; echo ready; exec cat' });
    await conversation.until('ready\r\n');
    conversation.type(input);
    conversation.requests.push(stdinClosed);
    const { stdout, ended } = await conversation.finish();
    expect(stdout).toBe(input.replace('\n', '\r\n'));
    expect(ended.exitCode).toBe('0');
  });

  test('gets and gives 10 MB exactly', { timeout: 120_000 }, async () => {
    const bytes = randomBytes(10_000_000);
    const conversation = converse({ command: `stty raw -echo; echo ready; exec head -c ${bytes.length}` });
    await conversation.until('ready\n');
    for (let start = 0; start < bytes.length; start += 100_000)
      conversation.type(bytes.subarray(start, start + 100_000));
    const { stdout, ended } = await conversation.finishBytes();
    expect(ended.exitCode).toBe('0');
    expect(createHash('sha256').update(stdout.subarray(-bytes.length)).digest()).toEqual(
      createHash('sha256').update(bytes).digest(),
    );
  });

  test('has all its output told before its end: 200 times in a row', async () => {
    for (let turn = 0; turn < 200; turn++) {
      const { stdout, ended } = await converse({ argv: ['sh', '-c', 'printf x; exit 3'] }).finish();
      expect([turn, stdout, ended.exitCode]).toEqual([turn, 'x', '3']);
    }
  });

  test('loses nothing of long output at its end, to a reader that comes late', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const conversation = converse({ command: 'head -c 200000 /dev/zero | tr "\\0" y; exit 3' });
      await conversation.started();
      for (let pause = 0; pause < 20; pause++) await new Promise(setImmediate);
      const { stdout, ended } = await conversation.finish();
      expect([turn, stdout.length, ended.exitCode]).toEqual([turn, 200_000, '3']);
    }
  });

  test('ends although a background process had the terminal too', async () => {
    const { stdout, ended } = await converse({ command: 'trap "" HUP; sleep 1000 & echo hi; exit 4' }).finish();
    expect(stdout).toBe('hi\r\n');
    expect(ended.exitCode).toBe('4');
    expect(markedProcesses()).toEqual([]);
  });

  test('runs an interactive shell with job control', async () => {
    const conversation = converse({ argv: ['bash', '--norc', '--noediting', '-i'], env: { PS1: '$ ' } });
    await conversation.until('$ ');
    conversation.type("sh -c 'echo up; exec sleep 1000'\n");
    await conversation.until('up\r\n');
    conversation.type(suspend);
    await conversation.until('Stopped');
    conversation.type('exit 7\n');
    await conversation.until('There are stopped jobs');
    conversation.type('exit 7\n');
    expect((await conversation.finish()).ended.exitCode).toBe('7');
  });
});

describe('a client of a terminal that goes away', () => {
  test('hangs up, which a shell that ignores TERM obeys', async () => {
    const controller = new AbortController();
    const command = 'trap "" TERM; trap "exit 0" HUP; echo ready; while :; do sleep 0.01; done';
    const conversation = converse({ command, signal: controller.signal });
    await conversation.until('ready\r\n');
    const rest = conversation.finish();
    controller.abort();
    await expect(rest).rejects.toBeInstanceOf(CancelledError);
    expect(markedProcesses()).toEqual([]);
  });

  test('is told how a hangup ended the command, where the daemon is the one who goes', async () => {
    const command = 'trap "" TERM; trap "echo hung up; exit 5" HUP; echo ready; while :; do sleep 0.01; done';
    const sessions = patientSessions();
    const conversation = new Conversation(sessions, { size: [24, 80], command });
    await conversation.until('ready\r\n');
    await sessions[Symbol.asyncDispose]();
    const { stdout, ended } = await conversation.finish();
    expect(stdout).toContain('hung up\r\n');
    expect(ended.exitCode).toBe('5');
  });

  test('ends descendants in sessions of their own', async () => {
    const command = `setsid sh -c 'trap "" HUP TERM; echo ready; while :; do sleep 1; done' & wait`;
    const conversation = converse({ command });
    await conversation.until('ready\r\n');
    await conversation.leave();
    expect(markedProcesses()).toEqual([]);
  });

  test('leaves nothing behind, 50 times at any moment', async () => {
    for (let turn = 0; turn < 50; turn++) {
      const controller = new AbortController();
      const conversation = converse({ command: 'echo a; exec sleep 1000', signal: controller.signal });
      const rest = conversation.finish();
      for (let pause = 0; pause < turn; pause++) await new Promise(setImmediate);
      controller.abort();
      await expect(rest).rejects.toBeInstanceOf(CancelledError);
    }
    expect(markedProcesses()).toEqual([]);
  });
});

describe.skipIf(!isRoot)('a terminal of another user (only root may)', () => {
  test('is its controlling one as well', async () => {
    const { stdout, ended } = await converse({ command: 'id -un; stty size < /dev/tty; tty', user: 'nobody' }).finish();
    expect(stdout).toMatch(/^nobody\r\n24 80\r\n\/dev\/pts\/\d+\r\n$/);
    expect(ended.exitCode).toBe('0');
  });

  test('is its own, as after a login: what opens it anew works', async () => {
    const command = 'stat -c "%U %G %a" "$(tty)"; echo one >/dev/stdout; echo two >"$(tty)"';
    const { stdout, ended } = await converse({ command, user: 'nobody' }).finish();
    expect(stdout).toBe('nobody tty 620\r\none\r\ntwo\r\n');
    expect(ended).toMatchObject({ exitCode: '0' });
  });

  test('tells of a user that does not exist', async () => {
    const { ended } = await converse({ command: 'id', user: 'no-such-user' }).finish();
    expect(ended).toMatchObject({ status: meta.Status.STATUS_ERROR, errorCode: 'ENOENT' });
  });
});
