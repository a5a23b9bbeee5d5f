import { CancelledError, FailedPreconditionError, meta, runtime } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestDaemon, TestRoot } from '../../client/test/support/test-daemon.js';
import { AttachPeer } from './support/attach-peer.js';
import { Terminal } from './support/terminal.js';

let root: TestRoot;
let daemon: TestDaemon;
let peer: AttachPeer;
let executables: runtime.DeepPartial<runtime.ExecutableStatus>[] = [];

beforeEach(async () => {
  root = await TestRoot.make();
  peer = new AttachPeer();
  daemon = await root.serve({
    runtime: {
      attach: (context, requests) => peer.attach(context, requests),
      executableList: async () => runtime.ExecutableListResponse.fromPartial({ executables }),
    },
  });
});
afterEach(() => root[Symbol.asyncDispose]());

function run(...args: readonly string[]): Terminal {
  return Terminal.run(['--root', root.dir, ...args]);
}

/** What it shows now, it shows in the mode of the conversation. */
async function untilBegun(terminal: Terminal): Promise<void> {
  peer.started().writes('ready');
  await terminal.shows('ready');
}

const rawSettings = ['-icanon', '-isig', '-echo', '-ixon', '-icrnl', '-opost'];

describe('exec -it', () => {
  test('makes the terminal raw while the command runs, and gives it back as it was', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    const before = await terminal.settings();
    await untilBegun(terminal);
    const during = (await terminal.settings()).split(/[\s;]+/);
    for (const setting of rawSettings) expect(during).toContain(setting);
    peer.writes('bye').ended({ exitCode: '3' });
    expect(await terminal.exited).toBe(3);
    expect(await terminal.settings()).toBe(before);
    expect(terminal.shown).toBe('readybye');
  });

  test('tells the size, the kind of terminal, and every new size', async () => {
    await using terminal = run('exec', '-it', '-e', 'A=1', '--', 'top');
    await untilBegun(terminal);
    expect(peer.open).toMatchObject({
      target: { $case: 'executable', value: { argv: ['top'], env: { TERM: 'xterm-test', A: '1' } } },
      stdin: true,
      terminal: { rows: 30, columns: 100 },
    });
    terminal.resize(40, 132);
    await peer.until(({ inputs }) => inputs.length > 1);
    expect(peer.inputs[1]).toEqual({ $case: 'resize', value: { rows: 40, columns: 132 } });
    peer.ended({ exitCode: '0' });
    expect(await terminal.exited).toBe(0);
  });

  test('passes on Ctrl-C, Ctrl-D, Ctrl-Z and the keys that detach as the bytes that they are', async () => {
    await using terminal = run('exec', '-t', '--', 'bash');
    await untilBegun(terminal);
    const typed = '\x03\x04\x1a\x1c\r\x10\x11\x13';
    terminal.type(typed);
    await peer.until(({ stdin }) => stdin.length === typed.length);
    expect(peer.stdin.toString()).toBe(typed);
    peer.ended({ exitCode: '130', signal: 2 });
    expect(await terminal.exited).toBe(130);
  });

  test('leaves Ctrl-C to this process until the command runs', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    await peer.until(({ open }) => open !== undefined);
    terminal.type('\x03');
    expect(await terminal.exited).toBe(130);
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });

  test('tells an error once the terminal is itself again', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    const before = await terminal.settings();
    await untilBegun(terminal);
    peer.fail(new FailedPreconditionError('Cannot go on: for some reason'));
    expect(await terminal.exited).toBe(125);
    expect(await terminal.settings()).toBe(before);
    // Only a terminal that is not raw adds the "\r".
    expect(terminal.shown).toBe('readyaurae: Cannot go on: for some reason\r\n');
  });

  test('tells that the daemon is gone once the terminal is itself again', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    const before = await terminal.settings();
    await untilBegun(terminal);
    daemon.kill();
    expect(await terminal.exited).toBe(125);
    expect(await terminal.settings()).toBe(before);
    expect(terminal.shown).toMatch(/^readyaurae: The connection to auraed on ".*" broke off .*\r\n$/);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', -1],
    ['SIGQUIT', -3],
    ['SIGUSR2', -12],
  ] as const)('gives the terminal back when %s ends it, and ends the command', async (signal, code) => {
    await using terminal = run('exec', '-it', '--', 'bash');
    const before = await terminal.settings();
    await untilBegun(terminal);
    terminal.kill(signal);
    expect(await terminal.exited).toBe(code);
    expect(await terminal.settings()).toBe(before);
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });

  test('ends with the command when the window is closed', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    await untilBegun(terminal);
    terminal.hangUp();
    expect(await terminal.exited).toBe(-1);
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });

  test('is raw again after it was stopped and the shell had the terminal', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    const before = await terminal.settings();
    await untilBegun(terminal);
    terminal.kill('SIGSTOP');
    await terminal.stty('sane');
    terminal.kill('SIGCONT');
    // What comes back shows that the signal was handled: typing is read after it.
    await expect.poll(() => terminal.settings()).toContain('-icanon');
    terminal.type('x');
    await peer.until(({ stdin }) => stdin.toString() === 'x');
    peer.ended({ exitCode: '0' });
    expect(await terminal.exited).toBe(0);
    expect(await terminal.settings()).toBe(before);
  });

  test('tells of lost output on a line of its own', async () => {
    await using terminal = run('exec', '-it', '--', 'bash');
    await untilBegun(terminal);
    peer.say({ $case: 'droppedBytes', value: 5n }).ended({ exitCode: '0' });
    await terminal.exited;
    expect(terminal.shown).toBe(
      'readyaurae: 5 bytes of output are missing here: they came faster than they were read\r\n',
    );
  });
});

describe('exec -i on a terminal', () => {
  test('leaves the terminal as it is: Ctrl-C ends the command, Ctrl-D its input', async () => {
    await using terminal = run('exec', '-i', '--', 'cat');
    const before = await terminal.settings();
    await untilBegun(terminal);
    expect(await terminal.settings()).toBe(before);
    terminal.type('hello\r\x04');
    await peer.until(({ inputs }) => inputs.at(-1)?.$case === 'stdinClosed');
    expect(peer.stdin.toString()).toBe('hello\n');
    expect(peer.open?.terminal).toBeUndefined();
    terminal.type('\x03');
    expect(await terminal.exited).toBe(130);
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });
});

describe('attach', () => {
  beforeEach(() => {
    executables = [
      { meta: { name: 'shell' }, executable: { terminal: { rows: 24, columns: 80 } } },
      { meta: { name: 'web' }, executable: {} },
      { meta: { name: 'cat' }, executable: { stdin: true } },
    ];
  });

  test('asks for the executable, and makes its terminal as large as this one', async () => {
    await using terminal = run('attach', 'shell');
    await untilBegun(terminal);
    await peer.until(({ inputs }) => inputs.length === 3);
    expect(peer.inputs).toMatchObject([
      {
        $case: 'open',
        value: {
          target: {
            $case: 'workload',
            value: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'shell' },
          },
          stdin: true,
        },
      },
      { $case: 'resize', value: { rows: 31, columns: 100 } },
      { $case: 'resize', value: { rows: 30, columns: 100 } },
    ]);
    peer.ended({ exitCode: '4' });
    expect(await terminal.exited).toBe(4);
  });

  test('leaves a terminal with Ctrl-P Ctrl-Q, after what was typed before', async () => {
    await using terminal = run('attach', 'shell');
    const before = await terminal.settings();
    await untilBegun(terminal);
    terminal.type('ls\r\x10\x10x\x03');
    await peer.until(({ stdin }) => stdin.length === 7);
    expect(peer.stdin.toString()).toBe('ls\r\x10\x10x\x03');
    terminal.type('\x10\x11');
    expect(await terminal.exited).toBe(0);
    expect(await terminal.settings()).toBe(before);
    expect(terminal.shown).toBe(
      'Attached to "shell"; Ctrl-P Ctrl-Q leaves it running\r\nreadyaurae: detached from "shell", which goes on: "aurae attach shell" comes back\r\n',
    );
    expect(peer.stdin.toString()).toBe('ls\r\x10\x10x\x03');
  });

  test('leaves with the keys that were asked for', async () => {
    await using terminal = run('attach', '--detach-keys', 'ctrl-x,d', 'shell');
    await untilBegun(terminal);
    terminal.type('\x10\x11\x18d');
    expect(await terminal.exited).toBe(0);
    expect(terminal.shown).toContain('Attached to "shell"; Ctrl-X d leaves it running\r\n');
    expect(terminal.shown).toContain('detached');
  });

  test('leaves with the keys of AURAE_DETACH_KEYS', async () => {
    const variables = { AURAE_DETACH_KEYS: 'ctrl-],q' };
    await using terminal = Terminal.run(['--root', root.dir, 'attach', 'shell'], variables);
    await untilBegun(terminal);
    terminal.type('\x10\x11');
    await peer.until(({ stdin }) => stdin.toString() === '\x10\x11');
    terminal.type('\x1dq');
    expect(await terminal.exited).toBe(0);
    expect(terminal.shown).toContain('Attached to "shell"; Ctrl-] q leaves it running\r\n');
  });

  test('refuses keys of AURAE_DETACH_KEYS that are none', async () => {
    await using terminal = Terminal.run(['attach', 'shell'], { AURAE_DETACH_KEYS: 'escape' });
    expect(await terminal.exited).toBe(2);
    expect(terminal.shown).toContain('AURAE_DETACH_KEYS "escape" is invalid. Allowed are keys');
  });

  test('takes an empty AURAE_DETACH_KEYS for none', async () => {
    await using terminal = Terminal.run(['--root', root.dir, 'attach', 'shell'], { AURAE_DETACH_KEYS: '' });
    await untilBegun(terminal);
    expect(terminal.shown).toContain('Ctrl-P Ctrl-Q');
    peer.ended({ exitCode: '0' });
    await terminal.exited;
  });

  test('leaves with Ctrl-C what has no terminal', async () => {
    await using terminal = run('attach', 'web');
    await untilBegun(terminal);
    expect(peer.open?.stdin).toBe(false);
    terminal.type('\x03');
    expect(await terminal.exited).toBe(130);
    expect(terminal.shown).toMatch(/^Attached to "web"; Ctrl-C leaves it running\r\nready/);
    expect(terminal.shown).toContain('aurae: detached from "web", which goes on');
  });

  test('passes on lines to what has standard input, and leaves that open', async () => {
    await using terminal = run('attach', 'cat');
    await untilBegun(terminal);
    terminal.type('line\r\x04');
    await terminal.shows('aurae: standard input has ended; the output of "cat" is shown on, and its input stays open');
    terminal.type('\x03');
    expect(await terminal.exited).toBe(130);
    expect(peer.inputs.map(({ $case }) => $case)).not.toContain('stdinClosed');
  });

  test('with --no-stdin only watches, and Ctrl-C leaves', async () => {
    await using terminal = run('attach', 'shell', '--no-stdin');
    const before = await terminal.settings();
    await untilBegun(terminal);
    expect(await terminal.settings()).toBe(before);
    expect(peer.open?.stdin).toBe(false);
    terminal.type('\x03');
    expect(await terminal.exited).toBe(130);
    expect(peer.inputs).toHaveLength(1);
  });
});
