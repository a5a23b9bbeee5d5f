import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nativeBinding } from '../native-binding.js';
import { beginProcess, type RunningProcess } from '../running-process.js';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
import { encodeSettings, type ShimSettings } from './shim-settings.js';

export const shimPath = fileURLToPath(new URL('../../build/Release/aurae-shim', import.meta.url));

/** A shim that has started its workload. */
export interface ShimReport {
  readonly pid: number;
  readonly startTime: number;
  readonly shimPid: number;
  readonly shimStartTime: number;
  readonly startedAtMs: number;
  /** Of the first record of its log that is its own. */
  readonly logFirstSequence: number;
}

export interface LaunchingShim {
  /** Rejects with `SpawnFailure`: then nothing is left of the start. */
  readonly report: Promise<ShimReport>;
  /** Nobody wants the start any more: a shim that has not yet reported ends what it has begun. */
  abandon(): void;
}

/**
 * Runs aurae-shim. Its start is complete or without a trace, however this program ends meanwhile.
 *
 * @param lock descriptor of the locked record; stays the caller's
 * @param label for people who look at ps(1)
 */
export function launchShim(settings: ShimSettings, lock: number, label: string): LaunchingShim {
  const memory = nativeBinding.memoryFile(encodeSettings(settings));
  if (memory < 0) return failed(new SpawnFailure(SpawnStep.prepare, -memory));
  const starting = beginProcess({
    file: shimPath,
    argv: ['aurae-shim', label],
    env: new Map(),
    cwd: '/',
    stdio: [null, 'capture', null, memory, lock],
    endsWithDaemon: false,
    captureLimitBytes: reportLimitBytes,
  });
  let launcher: RunningProcess | undefined;
  let isAbandoned = false;
  const abandon = () => {
    isAbandoned = true;
    starting.cancel();
    launcher?.signal(constants.signals.SIGKILL);
  };
  const run = async (): Promise<ShimReport> => {
    try {
      launcher = await starting.started;
    } catch (error) {
      throw error instanceof SpawnFailure && !error.isShortage ? shimFailure(error) : error;
    } finally {
      closeSync(memory);
    }
    if (isAbandoned) abandon();
    const exit = await launcher.exited;
    const { stdout } = exit.output ?? launcher.finishOutput();
    return parseReport(stdout.bytes.toString('utf8'));
  };
  return { report: run(), abandon };
}

const reportLimitBytes = 64 * 1024;

function failed(failure: SpawnFailure): LaunchingShim {
  return { report: Promise.reject(failure), abandon: () => undefined };
}

/** It was the shim that could not be run, not the workload. */
function shimFailure({ code }: SpawnFailure): SpawnFailure {
  return new SpawnFailure(SpawnStep.shim, constants.errno.ENOEXEC, `"${shimPath}" cannot be run: ${code}`);
}

/** The one line that a launcher writes. Throws `SpawnFailure` for an error, and for a launcher that said nothing. */
export function parseReport(text: string): ShimReport {
  const line = text.split('\n', 1)[0] ?? '';
  const [word, ...fields] = line.split(' ');
  const numbers = fields.map(Number);
  if (word === 'ok' && numbers.length === 6 && numbers.every(Number.isSafeInteger)) {
    const [pid = 0, startTime = 0, shimPid = 0, shimStartTime = 0, startedAtMs = 0, logFirstSequence = 0] = numbers;
    return { pid, startTime, shimPid, shimStartTime, startedAtMs, logFirstSequence };
  }
  const [step, errno] = numbers;
  if (word === 'error' && Number.isInteger(step) && Number.isInteger(errno)) {
    throw new SpawnFailure(step ?? 0, errno ?? 0, fields.slice(2).join(' '));
  }
  throw new SpawnFailure(SpawnStep.shim, constants.errno.ECHILD, 'it ended without a report');
}
