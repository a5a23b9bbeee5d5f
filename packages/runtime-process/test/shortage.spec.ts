import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { meta } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { compiledFixture } from './compiled-fixture.js';
import { mark, markedProcesses } from './exec-harness.js';

const run = promisify(execFile);
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const isRoot = process.getuid?.() === 0;
const noCompiler = spawnSync('gcc', ['--version']).error !== undefined;
const { ENOSYS, EINVAL, ECHILD } = constants.errno;
const waitid = { x64: '247', arm64: '95' }[process.arch as string];

interface Host {
  readonly command?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What happens to the process before it runs its command. */
  readonly before?: (pid: number) => void;
}

/** What becomes of one command in a process of its own. */
async function oneCommand({ command = [], env = {}, before }: Host): Promise<unknown> {
  const [file = '', ...args] = [...command, process.execPath, fixture('one-command.mjs')];
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const errors = createInterface(child.stderr)[Symbol.asyncIterator]();
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  if ((await lines.next()).value !== 'ready') {
    const output: string[] = [];
    for await (const line of errors) output.push(line);
    return output.join('\n');
  }
  before?.(child.pid ?? 0);
  child.stdin.write('\n');
  const { value } = await lines.next();
  await exited;
  return JSON.parse(value as string) as unknown;
}

describe('where descriptors are short', () => {
  test('new commands are refused, and those that run can still be ended', { timeout: 30_000 }, async () => {
    const script = 'ulimit -n 160; exec "$0" "$1"';
    const env = { ...process.env, AURAE_TEST_MARK: mark.slice(mark.indexOf('=') + 1) };
    const args = ['-c', script, process.execPath, fixture('few-descriptors.mjs')];
    const { stdout } = await run('/bin/sh', args, { env });
    const ends = JSON.parse(stdout) as Record<string, unknown>;
    expect(ends).toEqual({
      ResourceExhaustedError: expect.any(Number) as unknown,
      CancelledError: expect.any(Number) as unknown,
      exitCode: '0',
    });
    expect(Number(ends['ResourceExhaustedError']) + Number(ends['CancelledError'])).toBe(40);
    expect(markedProcesses()).toEqual([]);
  });
});

describe.skipIf(!isRoot)('where threads are short (root sets that up)', () => {
  test('a command is refused for want of processes', async () => {
    // The limit does not bind root.
    const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const [setpriv = '', ...args] = asNobody;
    const before = (pid: number) => void execFileSync(setpriv, [...args, 'prlimit', '--pid', String(pid), '--nproc=1']);
    expect(await oneCommand({ command: asNobody, before })).toEqual({
      name: 'ResourceExhaustedError',
      message: expect.stringContaining('no more processes') as unknown,
    });
  });
});

describe.skipIf(noCompiler || waitid === undefined)('where waitid fails', () => {
  const failing = (errno: number) => ({
    LD_PRELOAD: compiledFixture('fail-syscall', '-shared', '-fPIC'),
    AURAE_FAIL_SYSCALL: waitid,
    AURAE_FAIL_ERRNO: String(errno),
  });

  test('the end of a command is unknown, not code 0', async () => {
    const { STATUS_UNKNOWN } = meta.Status;
    const env = failing(ECHILD);
    expect(await oneCommand({ env })).toEqual({ status: STATUS_UNKNOWN, exitCode: '' });
  });

  test.each([
    ['without waitid of a pidfd', EINVAL],
    ['that refuses it', ENOSYS],
  ])('a kernel %s is told at the import', async (_, errno) => {
    const env = failing(errno);
    expect(await oneCommand({ env })).toContain('needs Linux 5.4 or later');
  });
});
