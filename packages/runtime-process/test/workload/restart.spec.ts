import { join } from 'node:path';
import { meta, runtime } from '@aurae/proto';
import { rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Executables, longPause, policy } from './executables.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY } = meta.Status;
const { RESTART_MODE_ALWAYS, RESTART_MODE_ON_FAILURE } = runtime.RestartMode;

test('one that fails is started again, with its log going on', async () => {
  const executables = await Executables.open();
  const flag = join(executables.stateDir, 'flag');
  const script = `if [ -e ${flag} ]; then echo good; exec sleep 1000; fi; touch ${flag}; echo bad; exit 1`;
  const first = await executables.start('web', ['sh', '-c', script], {
    restart: policy(RESTART_MODE_ON_FAILURE),
  });
  const waiting = await executables.becomes('web', STATUS_STANDBY);
  expect(waiting).toMatchObject({ exitCode: '1', restarts: 0 });
  expect(waiting.nextStartAtMs).toBeGreaterThan(0n);
  const again = await executables.becomes('web', STATUS_ACTIVE);
  expect(again).toMatchObject({ restarts: 1, nextStartAtMs: 0n });
  expect(again.proc?.pid).not.toBe(first.proc?.pid);
  await executables.stop('web');
  expect(await executables.output('web')).toBe('bad\ngood\n');
});

test('on-failure leaves a success alone', async () => {
  const executables = await Executables.open();
  await executables.start('job', ['true'], { restart: policy(RESTART_MODE_ON_FAILURE) });
  expect(await executables.becomes('job', STATUS_COMPLETE)).toMatchObject({ exitCode: '0', restarts: 0 });
});

test('a stopped one stays down', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000'], { restart: policy(RESTART_MODE_ALWAYS) });
  expect(await executables.stop('web')).toMatchObject({ status: STATUS_COMPLETE });
});

test('after its most restarts in a row it stays down with an error', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'exit 3'], { restart: policy(RESTART_MODE_ALWAYS, { maxRestarts: 2 }) });
  const status = await executables.becomes('web', STATUS_ERROR);
  expect(status).toMatchObject({ exitCode: '3', restarts: 2 });
  expect(status.meta?.message).toBe('Exited with code 3. It stays down: 2 restarts in a row did not help.');
});

test('a program that is gone at its restart is an error of that restart', async () => {
  const executables = await Executables.open();
  const program = join(executables.stateDir, 'program');
  await writeFile(program, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await executables.start('web', [program], { restart: policy(RESTART_MODE_ALWAYS, { maxRestarts: 1 }) });
  await executables.becomes('web', STATUS_STANDBY);
  await rm(program);
  const status = await executables.becomes('web', STATUS_ERROR);
  expect(status).toMatchObject({ errorCode: 'ENOENT', restarts: 1 });
  expect(status.meta?.message).toMatch(/there is no such file/);
});

test('a kill counts as a failure, and a restart follows', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sleep', '1000'], { restart: policy(RESTART_MODE_ON_FAILURE) });
  await executables.kill('web');
  await executables.becomes('web', STATUS_STANDBY);
  expect(await executables.becomes('web', STATUS_ACTIVE)).toMatchObject({ restarts: 1 });
});

test('a signal for one that waits is refused with the reason', async () => {
  const executables = await Executables.open();
  await executables.start('web', ['sh', '-c', 'exit 1'], { restart: policy(RESTART_MODE_ALWAYS, longPause) });
  await executables.becomes('web', STATUS_STANDBY);
  await expect(executables.kill('web')).rejects.toThrow(/it waits for its restart and has no process now/);
});
