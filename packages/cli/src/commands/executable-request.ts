import type { runtime } from '@aurae/proto';
import { UsageError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';
import { readEnvironmentFile } from '../values/environment-file.js';
import { nameOfProgram } from '../values/workload-name.js';
import { terminalSize } from '../attach/terminal-size.js';
import { type CommandOptions, commandRequest } from './command-request.js';

/** What `addExecutableOptions` adds. */
export interface ExecutableOptions extends GlobalOptions, CommandOptions {
  readonly name?: string;
  readonly envFrom?: readonly string[];
  /** Bytes. */
  readonly limitMemory?: bigint;
  /** Thousandths of a CPU. */
  readonly limitCpu?: number;
  readonly limitPids?: number;
  readonly ulimit?: readonly runtime.ProcessLimit[];
  readonly umask?: string;
  readonly stopSignal?: string;
  /** Milliseconds. */
  readonly stopTimeout?: number;
  readonly restart?: runtime.RestartPolicy;
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly comment?: string;
  readonly label?: readonly (readonly [string, string])[];
}

/** The `Executable` that `aurae start` and `aurae enable` ask for. */
export function executableRequest(words: readonly string[], options: ExecutableOptions, example: string) {
  const { envFrom = [], env = [], limitMemory, limitCpu, limitPids, stopTimeout = 0 } = options;
  const variables = [...envFrom.flatMap(readEnvironmentFile), ...env];
  const request = commandRequest(words, { ...options, env: variables }, example);
  const hasLimits = [limitMemory, limitCpu, limitPids].some((limit) => limit !== undefined);
  return {
    ...request,
    meta: { name: options.name ?? defaultName(words) },
    comment: options.comment ?? '',
    ...(hasLimits
      ? { limits: { memoryBytes: limitMemory ?? 0n, cpuMillis: limitCpu ?? 0, pids: limitPids ?? 0 } }
      : {}),
    processLimits: [...(options.ulimit ?? [])],
    umask: options.umask ?? '',
    stopSignal: options.stopSignal ?? '',
    stopGracePeriodMs: stopTimeout,
    ...(options.restart ? { restart: options.restart } : {}),
    ...(options.tty ? { terminal: terminalSize() } : {}),
    stdin: options.stdin ?? false,
    labels: Object.fromEntries(options.label ?? []),
  };
}

function defaultName([program]: readonly string[]): string {
  if (program === undefined) throw new UsageError('a shell command has no name of its own: give --name NAME');
  const name = nameOfProgram(program);
  if (name === undefined) throw new UsageError(`"${program}" does not do as a name: give --name NAME`);
  return name;
}
