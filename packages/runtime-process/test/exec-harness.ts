import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { callContext, runtime } from '@aurae/proto';
import { ProcessRuntime, type ProcessRuntimeOptions } from '@aurae/runtime-process';
import { afterEach, beforeEach, expect } from 'vitest';

/** Of everything that commands of this file start. */
export const mark = `AURAE_TEST_MARK=${randomUUID()}`;
const [markName = '', markValue = ''] = mark.split('=');

export type ExecRequest = Partial<runtime.Executable>;

/** Runs one command; everything it starts can be told from other processes. */
export function exec(
  processRuntime: ProcessRuntime,
  request: ExecRequest,
  signal?: AbortSignal,
): Promise<runtime.ExecutableStatus> {
  const context = callContext(signal ? { signal } : {});
  const env = { [markName]: markValue, ...request.env };
  return processRuntime.exec(context, runtime.Executable.fromPartial({ ...request, env }));
}

/** Gives each test a runtime of its own, and fails the test if descriptors or processes are left. */
export function useRuntime(options: ProcessRuntimeOptions = {}): () => ProcessRuntime {
  let current: ProcessRuntime | undefined;
  let descriptors: readonly string[] = [];
  beforeEach(async () => {
    current = new ProcessRuntime(options);
    // The first command opens what the process keeps: the epoll set, the starter's thread.
    await exec(current, { command: '/bin/true' });
    descriptors = openDescriptors();
  });
  afterEach(async () => {
    await current?.dispose();
    expect(markedProcesses(), 'processes left').toEqual([]);
    expect(openDescriptors(), 'descriptors left').toEqual(descriptors);
  });
  return () => {
    if (!current) throw new Error('no test is running');
    return current;
  };
}

export function openDescriptors(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      // The directory that is being read is itself open.
      return target.startsWith('/proc/') ? [] : [`${descriptor} ${target}`];
    } catch {
      return [];
    }
  });
}

/** Command lines of the live processes that commands of this file have started. */
export function markedProcesses(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return [];
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return environment.includes(mark) ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8')}`] : [];
      } catch {
        return [];
      }
    });
}
