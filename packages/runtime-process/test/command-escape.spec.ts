import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancelledError, runtime } from '@aurae/proto';
import { ProcessRuntime, type ProcessRuntimeOptions } from '@aurae/runtime-process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CommandSessions } from '../src/attach/command-sessions.js';
import { CgroupHost } from '../src/cgroup/cgroup-host.js';
import { CommandCgroups } from '../src/cgroup/command-cgroups.js';
import { LiveCommands } from '../src/live-commands.js';
import { parseStat } from '../src/process-entry.js';
import { defaultProcessRuntimeOptions } from '../src/process-runtime-options.js';
import { Conversation } from './attach/session-harness.js';
import { leftCgroups, testParent } from './cgroup/real-cgroups.js';
import { compiledFixture } from './compiled-fixture.js';
import { exec, openDescriptors } from './exec-harness.js';
import { makeFifo } from './fifo.js';
import { temporaryDirectory } from './temporary-directory.js';

const graces = { killGraceMs: 200, leftBehindGraceMs: 200 };
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const { TERMINATION_SHUTDOWN, TERMINATION_TIMEOUT } = runtime.Termination;

const trial = await CgroupHost.detect({ parent: testParent });
const noCgroups = trial.commandParent === undefined;
await trial.dispose();

/** With cgroups; at the end of the test nothing may be left of them. */
async function openRuntime(options: ProcessRuntimeOptions = {}): Promise<ProcessRuntime> {
  const stateDir = options.stateDir ?? temporaryDirectory();
  const processes = new ProcessRuntime({ ...graces, ...options, stateDir, cgroupParent: testParent });
  await processes.adopt();
  onTestFinished(async () => {
    await processes.dispose();
    expect(leftCgroups(), 'cgroups left').toEqual([]);
  });
  return processes;
}

function isAlive(pid: number): boolean {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')) !== undefined;
  } catch {
    return false;
  }
}

/** A command that leaves a process behind; `before` is what that does first. */
function escaping(before: string, how: 'wait' | 'end') {
  const ready = makeFifo(temporaryDirectory());
  const argv = [fixture('escape.sh'), ready.path, before, how];
  return { argv, escaped: async () => Number(await ready.opened()) };
}

const escapes = [
  ['obeys TERM', ':'],
  ['ignores TERM', 'trap "" TERM'],
] as const;

describe.skipIf(noCgroups)('a process that has left the session, the group, the parents and the environment', () => {
  describe.each(escapes)('and %s', (_, before) => {
    test('is ended when the caller goes away', async () => {
      const processes = await openRuntime();
      const { argv, escaped } = escaping(before, 'wait');
      const controller = new AbortController();
      const call = exec(processes, { argv }, controller.signal);
      const pid = await escaped();
      expect(isAlive(pid)).toBe(true);
      controller.abort();
      await expect(call).rejects.toBeInstanceOf(CancelledError);
      expect(isAlive(pid)).toBe(false);
    });

    test('is ended by a timeout', async () => {
      const processes = await openRuntime();
      const { argv, escaped } = escaping(before, 'wait');
      const call = exec(processes, { argv, timeoutMs: 1000 });
      const pid = await escaped();
      expect((await call).termination).toBe(TERMINATION_TIMEOUT);
      expect(isAlive(pid)).toBe(false);
    });

    test('is ended when the runtime is disposed', async () => {
      const processes = await openRuntime();
      const { argv, escaped } = escaping(before, 'wait');
      const call = exec(processes, { argv });
      const pid = await escaped();
      await processes.dispose();
      expect((await call).termination).toBe(TERMINATION_SHUTDOWN);
      expect(isAlive(pid)).toBe(false);
    });

    test('counts as left behind when the command ends', async () => {
      const processes = await openRuntime();
      const { argv, escaped } = escaping(before, 'end');
      const call = exec(processes, { argv });
      const pid = await escaped();
      const status = await call;
      expect(status).toMatchObject({ exitCode: '0', signal: 0 });
      expect(status.meta?.message).toMatch(/\d background process(es were| was) ended .* ExecutableStart/);
      expect(isAlive(pid)).toBe(false);
    });

    test('is ended with a conversation that its client leaves', async () => {
      const { sessions } = await openSessions();
      const { argv, escaped } = escaping(before, 'wait');
      const conversation = new Conversation(sessions, { argv });
      await conversation.started();
      const pid = await escaped();
      await conversation.leave();
      expect(isAlive(pid)).toBe(false);
    });

    test('is ended with the command of a conversation', async () => {
      const { sessions } = await openSessions();
      const { argv, escaped } = escaping(before, 'end');
      const conversation = new Conversation(sessions, { argv, size: [24, 80] });
      await conversation.started();
      const pid = await escaped();
      const { ended } = await conversation.finish();
      expect(ended).toMatchObject({ exitCode: '0' });
      expect(ended.meta?.message).toContain('ExecutableStart');
      expect(isAlive(pid)).toBe(false);
    });
  });

  test('is asked once, before it is killed', async () => {
    const processes = await openRuntime();
    const log = `${temporaryDirectory()}/log`;
    const { argv, escaped } = escaping(`trap "echo asked >>${log}" TERM`, 'wait');
    const controller = new AbortController();
    const call = exec(processes, { argv }, controller.signal);
    await escaped();
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
    expect(readFileSync(log, 'utf8')).toBe('asked\n');
  });

  test('is ended while it forks all the time', { timeout: 30_000 }, async () => {
    const processes = await openRuntime();
    const ready = makeFifo(temporaryDirectory());
    const bomb = compiledFixture('fork-chain');
    const command = `env -i setsid -f ${bomb} >/dev/null 2>&1; echo >${ready.path}; exec sleep 1000`;
    const controller = new AbortController();
    const call = exec(processes, { command }, controller.signal);
    await ready.opened();
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
  });

  test('leaves the next command alone, once it was ended by force', async () => {
    const processes = await openRuntime();
    for (let round = 0; round < 3; round++) {
      const stubborn = { argv: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.01; done'], timeoutMs: 50 };
      expect(await exec(processes, stubborn)).toMatchObject({ termination: TERMINATION_TIMEOUT, signal: 9 });
      expect(await exec(processes, { command: 'echo on' })).toMatchObject({ stdout: 'on\n', exitCode: '0' });
    }
  });

  test('of a daemon that was killed is ended by the next one', async () => {
    const stateDir = mkdtempSync('/tmp/aurae-escape-');
    onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
    const { argv, escaped } = escaping('trap "" TERM', 'wait');
    const program = [fixture('run-until-killed.mjs'), stateDir, testParent, ...argv];
    const daemon = spawn(process.execPath, program, { stdio: 'inherit' });
    const exited = once(daemon, 'exit');
    const pid = await escaped();
    daemon.kill('SIGKILL');
    await exited;
    expect(isAlive(pid)).toBe(true);
    expect(leftCgroups()).not.toEqual([]);
    await openRuntime({ stateDir });
    expect(isAlive(pid)).toBe(false);
  });
});

describe.skipIf(noCgroups)('a command with a cgroup', () => {
  test('leaves no descriptor and no cgroup when the runtime is disposed', async () => {
    const processes = await openRuntime();
    await exec(processes, { command: '/bin/true' });
    await processes.dispose();
    const before = openDescriptors();
    const again = await openRuntime();
    await Promise.all(Array.from({ length: 20 }, () => exec(again, { command: '/bin/true' })));
    await again.dispose();
    expect(openDescriptors()).toEqual(before);
    expect(leftCgroups()).toEqual([]);
  });

  test('ends with processes in cgroups that it has made in its own', async () => {
    const processes = await openRuntime();
    const pidFile = join(temporaryDirectory(), 'pid');
    const script = [
      `own=$(echo ${trial.parents.join(' ')} | tr ' ' '\\n' | while read -r p; do ls -d "$p"/*@exec-*; done 2>/dev/null)`,
      'mkdir "$own/inside"',
      'env -i setsid -f sh -c \'echo $$ >"$1/inside/cgroup.procs"; echo $$ >"$2"; exec sleep 1000\' sh "$own" "$0" >/dev/null 2>&1',
      // Its end is the beginning of the end of all.
      'until [ -s "$0" ]; do sleep 0.01; done',
    ].join('; ');
    const status = await exec(processes, { argv: ['sh', '-c', script, pidFile] });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(status.meta?.message).toContain('1 background process was ended');
    expect(isAlive(pid)).toBe(false);
    expect((await exec(processes, { command: 'echo on' })).stdout).toBe('on\n');
  });
});

async function openSessions() {
  const host = await CgroupHost.detect({ parent: testParent });
  const options = { ...defaultProcessRuntimeOptions, ...graces };
  const live = new LiveCommands(options);
  const cgroups = await CommandCgroups.open(host);
  live.useCgroups(cgroups);
  onTestFinished(async () => {
    await live[Symbol.asyncDispose]();
    await cgroups?.[Symbol.asyncDispose]();
    await host.dispose();
    expect(leftCgroups(), 'cgroups left').toEqual([]);
  });
  return { sessions: new CommandSessions(options, live) };
}
