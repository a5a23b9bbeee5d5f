import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { CancelledError, InvalidSpecError, meta, runtime } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestDaemon, TestRoot } from '../../client/test/support/test-daemon.js';
import { AttachPeer } from './support/attach-peer.js';
import { resultOf, runCli, runShell, startCliWithInput } from './support/run-cli.js';
import { Signalled } from './support/signalled.js';

let root: TestRoot;
let daemon: TestDaemon;
let peer: AttachPeer;

beforeEach(async () => {
  root = await TestRoot.make();
  peer = new AttachPeer();
  daemon = await root.serve({ runtime: { attach: (context, requests) => peer.attach(context, requests) } });
});
afterEach(() => root[Symbol.asyncDispose]());

function start(...args: string[]) {
  return startCliWithInput(['--root', root.dir, 'exec', ...args]);
}

describe('the request', () => {
  test('carries the command with its environment, directory, user and time limit, and no terminal', async () => {
    peer.started().ended({ exitCode: '0' });
    await resultOf(
      start('-i', '-e', 'A=1', '--cwd', '/srv', '--user', 'nobody', '--timeout', '2s', '--', 'cat', 'a b'),
    );
    expect(peer.open).toMatchObject({
      target: {
        $case: 'executable',
        value: {
          argv: ['cat', 'a b'],
          command: "cat 'a b'",
          env: { A: '1' },
          cwd: '/srv',
          user: 'nobody',
          timeoutMs: 2000,
        },
      },
      stdin: true,
      terminal: undefined,
    });
  });
});

describe('standard input', () => {
  test('arrives byte by byte, however slowly it is taken, and then its end', async () => {
    const opened = new Signalled();
    peer = new AttachPeer(opened.promise);
    peer.started();
    const bytes = randomBytes(8 * 1024 * 1024);
    const child = start('-i', '--', 'cat');
    const result = resultOf(child);
    child.stdin.end(bytes);
    await peer.until(({ open }) => open !== undefined);
    opened.announce();
    await peer.until(({ inputs }) => inputs.at(-1)?.$case === 'stdinClosed');
    expect(peer.stdin.equals(bytes)).toBe(true);
    peer.ended({ exitCode: '0' });
    expect(await result).toMatchObject({ code: 0, stderr: '' });
  });

  test('that stays open does not keep the command that has ended', async () => {
    peer.started().ended({ exitCode: '3' });
    expect(await resultOf(start('-i', '--', 'true'))).toMatchObject({ code: 3, stderr: '' });
  });

  test.each([
    ['of a file', 'aurae exec -i -- cat <"$0"'],
    ['of a heredoc', 'aurae exec -i -- cat <<X\nhello\nX'],
    ['that is closed', 'aurae exec -i -- cat <&-'],
    ['of /dev/null', 'aurae exec -i -- cat </dev/null'],
  ])('%s has an end', async (_name, line) => {
    peer.started();
    const result = runShell(line, { AURAE_ROOT: root.dir });
    await peer.until(({ inputs }) => inputs.at(-1)?.$case === 'stdinClosed');
    peer.ended({ exitCode: '0' });
    expect(await result).toMatchObject({ code: 0, stderr: '' });
  });

  test('that cannot be read is told, and ends the command', async () => {
    peer.started();
    expect(await runShell('aurae exec -i -- cat </proc/self/mem', { AURAE_ROOT: root.dir })).toMatchObject({
      code: 125,
      stderr: 'aurae: Cannot read standard input: i/o error\n',
    });
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });
});

describe('output', () => {
  test('arrives as it is written, each channel in its own', async () => {
    const child = start('-i', '--', 'cat');
    peer.started().writes('prompt> ').writes('warning', 'stderr');
    expect(String(await once(child.stdout, 'data'))).toBe('prompt> ');
    expect(String(await once(child.stderr, 'data'))).toBe('warning');
    peer.writes(Buffer.of(0, 0xff, 0x80)).ended({ exitCode: '0' });
    const { stdoutBytes, code } = await resultOf(child);
    expect({ code, rest: [...stdoutBytes] }).toEqual({ code: 0, rest: [0, 0xff, 0x80] });
  });

  test('that nobody reads any more ends the command quietly with 141', async () => {
    const child = start('-i', '--', 'yes');
    peer.started().writes('y\n');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const ended = once(child, 'exit');
    const complaints: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    peer.writes('y\n').writes('y\n').writes('y\n');
    expect((await ended)[0]).toBe(141);
    expect(Buffer.concat(complaints).toString()).toBe('');
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });
});

describe('the exit code', () => {
  const notFound = {
    status: meta.Status.STATUS_ERROR,
    errorCode: 'ENOENT',
    failedStep: runtime.StartStep.START_STEP_PROGRAM,
    meta: { message: 'Cannot run "x": it does not exist' },
  };
  test.each([
    [{ exitCode: '0' }, 0, ''],
    [{ exitCode: '137', signal: 9 }, 137, ''],
    [notFound, 127, 'aurae: Cannot run "x": it does not exist\n'],
    [
      { exitCode: '143', termination: runtime.Termination.TERMINATION_TIMEOUT },
      124,
      'aurae: the command was ended after 5s (--timeout)\n',
    ],
  ])('is as without -i: %j', async (status, code, stderr) => {
    peer.ended(status);
    expect(await resultOf(start('-i', '--timeout', '5s', '--', 'x'))).toMatchObject({ code, stdout: '', stderr });
  });

  test('is 125 when the daemon refuses', async () => {
    peer.fail(new InvalidSpecError('Cannot run "x": no such user'));
    expect(await resultOf(start('-i', '--', 'x'))).toMatchObject({
      code: 125,
      stderr: 'aurae: Cannot run "x": no such user\n',
    });
  });

  test('is 125 when the daemon dies', async () => {
    const child = start('-i', '--', 'x');
    const result = resultOf(child);
    peer.started().writes('x');
    await once(child.stdout, 'data');
    daemon.kill();
    const { code, stderr } = await result;
    expect(code).toBe(125);
    expect(stderr).toMatch(/^aurae: The connection to auraed on ".*" broke off before the call ended\. .*\n$/);
  });

  test('is 125 when the daemon does not tell it', async () => {
    peer.started().hangUp();
    expect(await resultOf(start('-i', '--', 'x'))).toMatchObject({
      code: 125,
      stderr: 'aurae: auraed ended the conversation without telling how the command ended: see "aurae ps -a"\n',
    });
  });

  test.each([
    [['-i', '--output', 'json', '--', 'x'], 'with -i or -t the output is passed on: leave out --output json'],
    [['-it', '--', 'x'], 'option --tty needs a terminal, but the input device is not a TTY: leave out -t'],
    [['-t', '--', 'x'], 'the input device is not a TTY'],
    [['-i'], 'no command was given: try "aurae exec -- uname -a"'],
  ])('of a wrong command line is 125: %j', async (args, message) => {
    const { code, stderr } = await runCli(['--root', root.dir, 'exec', ...args]);
    expect(code).toBe(125);
    expect(stderr).toContain(message);
    expect(peer.inputs).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s is %s, and the command is ended', async (signal, code) => {
    const child = start('-i', '--', 'sleep', '1000');
    const result = resultOf(child);
    peer.started();
    await peer.until(({ open }) => open !== undefined);
    child.kill(signal);
    expect(await result).toMatchObject({ code, stderr: '' });
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });
});
