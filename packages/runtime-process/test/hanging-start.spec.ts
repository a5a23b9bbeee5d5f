import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledError, meta, runtime } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';
import { describe, expect, test } from 'vitest';
import { exec, markedProcesses, useRuntime } from './exec-harness.js';
import { cannotHold, heldProgram } from './held-program.js';
import { temporaryDirectory } from './temporary-directory.js';

const current = useRuntime({ killGraceMs: 50, leftBehindGraceMs: 50 });
const reason = cannotHold();
const { TERMINATION_SHUTDOWN, TERMINATION_TIMEOUT } = runtime.Termination;

describe('a start that hangs in the kernel', () => {
  test('is given up when the caller goes away, and what comes late is killed', async ({ skip }) => {
    skip(reason !== undefined, reason);
    const program = await heldProgram();
    const file = join(temporaryDirectory(), 'touched');
    const controller = new AbortController();
    const call = exec(current(), { argv: [program.path, file] }, controller.signal);
    await program.held();
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
    const disposed = current().dispose();
    await program.release();
    await disposed;
    expect(markedProcesses()).toEqual([]);
  });

  test('is given up at the timeout', async ({ skip }) => {
    skip(reason !== undefined, reason);
    const program = await heldProgram();
    const status = await exec(current(), { argv: [program.path, '/dev/null'], timeoutMs: 20 });
    expect(status).toMatchObject({
      status: meta.Status.STATUS_ERROR,
      errorCode: 'ETIMEDOUT',
      termination: TERMINATION_TIMEOUT,
    });
    await program.release();
  });

  test('does not hold up dispose for longer than its bound', { timeout: 15_000 }, async ({ skip }) => {
    skip(reason !== undefined, reason);
    const program = await heldProgram();
    const hanging = new ProcessRuntime({ killGraceMs: 50, leftBehindGraceMs: 50 });
    const call = exec(hanging, { argv: [program.path, '/dev/null'] });
    await program.held();
    await hanging.dispose();
    expect(await call).toMatchObject({ errorCode: 'ECANCELED', termination: TERMINATION_SHUTDOWN });
    await program.release();
    await hanging.dispose();
  });

  test('lets other commands start, even when several hang', { timeout: 15_000 }, async ({ skip }) => {
    skip(reason !== undefined, reason);
    const program = await heldProgram();
    const file = join(temporaryDirectory(), 'touched');
    const hanging = [];
    for (let index = 0; index < 3; index++) {
      hanging.push(exec(current(), { argv: [program.path, file] }));
      await program.held();
    }
    expect(await exec(current(), { command: 'echo runs' })).toMatchObject({ stdout: 'runs\n' });
    expect(existsSync(file)).toBe(false);
    await program.release();
    for (const call of hanging) expect(await call).toMatchObject({ exitCode: '0' });
    expect(existsSync(file)).toBe(true);
  });
});

describe('a command that is cancelled before its start', () => {
  test('does not run: in the same tick', async () => {
    const directory = temporaryDirectory();
    const files = Array.from({ length: 300 }, (_, index) => join(directory, String(index)));
    const calls = files.map(async (file) => {
      const controller = new AbortController();
      const call = exec(current(), { argv: ['/usr/bin/touch', file] }, controller.signal);
      controller.abort();
      await expect(call).rejects.toBeInstanceOf(CancelledError);
    });
    await Promise.all(calls);
    expect(await exec(current(), { command: '/bin/true' })).toMatchObject({ exitCode: '0' });
    expect(files.filter(existsSync)).toEqual([]);
  });

  test('does not run: in the queue behind a start that hangs', async ({ skip }) => {
    skip(reason !== undefined, reason);
    const program = await heldProgram();
    const directory = temporaryDirectory();
    const hanging = exec(current(), { argv: [program.path, join(directory, 'held')] });
    await program.held();
    const files = Array.from({ length: 30 }, (_, index) => join(directory, String(index)));
    const controller = new AbortController();
    const calls = files.map((file) => exec(current(), { argv: ['/usr/bin/touch', file] }, controller.signal));
    // Now they are in the queue.
    await new Promise(setImmediate);
    controller.abort();
    for (const call of calls) await expect(call).rejects.toBeInstanceOf(CancelledError);
    await program.release();
    expect(await hanging).toMatchObject({ exitCode: '0' });
    expect(await exec(current(), { command: '/bin/true' })).toMatchObject({ exitCode: '0' });
    expect(files.filter(existsSync)).toEqual([]);
  });
});
