import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { callContext, meta, observe, runtime } from '@aurae/proto';
import { afterEach, expect } from 'vitest';
import { ProcessRuntime, type ProcessRuntimeOptions } from '../../src/index.js';
import { readProcessEntry } from '../../src/process-entry.js';

type Request = Partial<runtime.Executable>;

const opened: Executables[] = [];

afterEach(async () => {
  for (const executables of opened.splice(0)) await executables.close();
});

/** A state directory with its runtime: at the end all that was started is stopped, and nothing may be left. */
export class Executables {
  processes: ProcessRuntime;

  private constructor(
    readonly stateDir: string,
    private readonly options: ProcessRuntimeOptions,
  ) {
    this.processes = this.runtime();
  }

  static async open(options: ProcessRuntimeOptions = {}): Promise<Executables> {
    const executables = new Executables(await mkdtemp('/tmp/aurae-executables-'), options);
    opened.push(executables);
    return executables;
  }

  /** Another one on the same directory, as after a restart of the daemon. */
  runtime(): ProcessRuntime {
    return new ProcessRuntime({ ...this.options, stateDir: this.stateDir, cgroupParent: testParent });
  }

  async restart(): Promise<void> {
    await this.processes.dispose();
    this.processes = this.runtime();
    await this.processes.adopt();
  }

  start(name: string, argv: readonly string[], request: Request = {}, signal?: AbortSignal) {
    const executable = runtime.Executable.fromPartial({ meta: { name }, argv: [...argv], ...request });
    return this.processes.start(callContext(signal ? { signal } : {}), executable);
  }

  stop(name: string, options: Partial<runtime.WorkloadStopRequest> = {}) {
    const request = runtime.WorkloadStopRequest.fromPartial({ meta: { name }, ...options });
    return this.processes.stop(callContext(), request);
  }

  kill(name: string, signal = '') {
    return this.processes.kill(callContext(), { meta: { name, message: '' }, signal });
  }

  async list(all = true): Promise<runtime.ExecutableStatus[]> {
    return (await this.processes.list(callContext(), { meta: undefined, all })).executables;
  }

  async status(name: string): Promise<runtime.ExecutableStatus | undefined> {
    return (await this.list()).find((status) => status.meta?.name === name);
  }

  /** The status, once it is that one. */
  async becomes(name: string, wanted: meta.Status): Promise<runtime.ExecutableStatus> {
    const watching = new AbortController();
    const changes = this.processes.watch(callContext({ signal: watching.signal }))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const change = changes.next().catch(() => undefined);
        const status = await this.status(name);
        if (status?.status === wanted) return status;
        await change;
      }
    } finally {
      watching.abort();
      await changes.return?.(undefined);
    }
  }

  /** All that it has written so far, once it has ended: text by channel. */
  async output(name: string, channel = ''): Promise<string> {
    const request = { workload: reference(name), channel };
    return (await this.items(request)).map(({ line, partial }) => `${line}${partial ? '' : '\n'}`).join('');
  }

  async items(request: Record<string, unknown>) {
    const full = observe.GetWorkloadLogStreamRequest.fromPartial({ follow: true, ...request });
    const items: observe.LogItem[] = [];
    for await (const batch of this.processes.readLog(callContext(), full)) items.push(...batch.items);
    return items;
  }

  /** From its first line on, until it ends. */
  follow(name: string): AsyncIterable<observe.LogBatch> {
    const request = observe.GetWorkloadLogStreamRequest.fromPartial({ workload: reference(name), follow: true });
    return this.processes.readLog(callContext(), request);
  }

  async remove(name: string): Promise<void> {
    await this.processes.remove(callContext(), { meta: { name, message: '' } });
  }

  async close(): Promise<void> {
    try {
      await this.processes.adopt();
      for (const { meta: named, status } of await this.list(false)) {
        if (status !== meta.Status.STATUS_COMPLETE) await this.stop(named?.name ?? '', { signal: 'KILL' });
      }
      await this.processes.dispose();
      expect(await readdir(join(this.stateDir, 'sockets'))).toEqual([]);
    } finally {
      await rm(this.stateDir, { recursive: true, force: true });
    }
  }
}

/** Of all tests in this process, apart from those of a daemon of this host. */
export const testParent = `aurae-test-${process.pid}`;

/** With the usual pauses, unless others are given. */
export function policy(
  mode: runtime.RestartMode,
  given: Partial<Omit<runtime.RestartPolicy, 'mode'>> = {},
): runtime.RestartPolicy {
  return { mode, maxRestarts: 0, firstPauseMs: 0, longestPauseMs: 0, stableAfterMs: 0, ...given };
}

/** It waits for its restart until it is stopped. */
export const longPause = { firstPauseMs: 600_000, longestPauseMs: 600_000 };

export function reference(name: string): meta.WorkloadReference {
  return { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
}

export async function isRunning(pid: number): Promise<boolean> {
  return (await readProcessEntry(pid)) !== undefined;
}

export async function parentOf(pid: number): Promise<number> {
  return Number(/^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
