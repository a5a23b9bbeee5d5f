import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SpawnFailure, SpawnStep, startProcess } from '@aurae/runtime-process';
import { describe, expect, test } from 'vitest';
import { nativeBinding } from '../src/native-binding.js';
import { signalProcess } from '../src/signal-process.js';
import { temporaryDirectory } from './temporary-directory.js';

const env = new Map([['PATH', '/usr/bin:/bin']]);

describe('startProcess', () => {
  test('gives the descriptors that it is told to', async () => {
    const path = join(temporaryDirectory(), 'output');
    const file = openSync(path, 'w');
    const stdio = [null, file, file];
    const child = await startProcess({ file: 'sh', argv: ['sh', '-c', 'echo a; echo b >&2'], env, cwd: '/', stdio });
    closeSync(file);
    expect(await child.exited).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
  });

  test('signals the process, and nothing once it has ended', async () => {
    const child = await startProcess({ file: 'sleep', argv: ['sleep', '1000'], env, cwd: '/' });
    expect(child.signal(15)).toBe(true);
    expect(await child.exited).toMatchObject({ exitCode: 143, signal: { number: 15, name: 'SIGTERM' } });
    expect(child.signal(15)).toBe(false);
    expect(child.finishOutput().stdout.totalBytes).toBe(0);
  });

  test('tells the step and the errno of a failure', async () => {
    const start = startProcess({ file: 'no-such-program', argv: ['x'], env, cwd: '/' });
    const failure = await start.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SpawnFailure);
    expect(failure).toMatchObject({ step: SpawnStep.exec, code: 'ENOENT', isShortage: false });
  });
});

describe('signalProcess', () => {
  test('spares a process that got the pid of another', async () => {
    const child = spawn('sleep', ['1000']);
    const pid = child.pid ?? 0;
    const entry = { pid, parentPid: 1, groupId: 1, sessionId: 1, startTime: '1' };
    expect(signalProcess(entry, 9)).toBe(false);
    const pidfd = nativeBinding.pidfdOpen(pid);
    expect(nativeBinding.pidfdSendSignal(pidfd, 15)).toBe(0);
    closeSync(pidfd);
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });
});

describe('a worker thread', () => {
  test('takes its processes with it when it ends', async () => {
    const addon = new URL('../build/Release/spawn.node', import.meta.url).pathname;
    const source = `
      const { parentPort } = require('node:worker_threads');
      const options = { file: '/bin/sleep', arguments: 'sleep\\0' + '1000\\0', environment: '', directory: '/',
        stdio: [-1, -2, -2], parentDeathSignal: 9, captureLimitBytes: 1, captureBudgetBytes: 1 };
      require(${JSON.stringify(addon)}).spawn(options, (pid) => parentPort.postMessage(pid), () => {});`;
    const worker = new Worker(source, { eval: true });
    const [pid] = (await once(worker, 'message')) as [number];
    await worker.terminate();
    expect(nativeBinding.pidfdOpen(pid)).toBeLessThan(0);
  });
});
