import { meta, runtime } from '@aurae/proto';
import type { CommandSpec } from './command-spec.js';
import { outputText } from './output-text.js';
import type { CapturedChannel, CapturedOutput, ProcessExit } from './running-process.js';
import { type SpawnFailure, SpawnStep } from './spawn-failure.js';
import type { TerminationCause, TerminationResult } from './termination.js';

export interface FinishedExec {
  readonly request: runtime.Executable;
  readonly spec: CommandSpec;
  readonly pid: number;
  readonly exit: ProcessExit;
  readonly output: CapturedOutput;
  readonly limitBytes: number;
  readonly cause: TerminationCause | undefined;
  readonly termination: TerminationResult | undefined;
}

const none = Buffer.alloc(0);

/** The answer for a command that ran. */
export function completeStatus(finished: FinishedExec): runtime.ExecutableStatus {
  const { request, pid, exit, output, limitBytes } = finished;
  const stdout = answered(output.stdout, request.binaryOutput, limitBytes);
  const stderr = answered(output.stderr, request.binaryOutput, limitBytes);
  return {
    ...emptyStatus(),
    meta: { name: nameOf(request), message: messageOf(finished, stdout, stderr) },
    proc: { pid },
    status: exit.exitCode === undefined ? meta.Status.STATUS_UNKNOWN : meta.Status.STATUS_COMPLETE,
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    stdoutDroppedBytes: BigInt(stdout.droppedBytes),
    stderrDroppedBytes: BigInt(stderr.droppedBytes),
    exitCode: exit.exitCode === undefined ? '' : String(exit.exitCode),
    signal: exit.signal?.number ?? 0,
    termination: terminationOf(finished.cause),
    usage: {
      userCpuUs: BigInt(exit.usage.userCpuUs),
      systemCpuUs: BigInt(exit.usage.systemCpuUs),
      maxRssBytes: BigInt(exit.usage.maxRssBytes),
    },
  };
}

/** The answer for a command that could not run. */
export function failedStatus(
  request: runtime.Executable,
  message: string,
  { step, code }: SpawnFailure,
): runtime.ExecutableStatus {
  return {
    ...emptyStatus(),
    meta: { name: nameOf(request), message },
    status: meta.Status.STATUS_ERROR,
    errorCode: code,
    failedStep: failedStepOf(step),
  };
}

/** The answer for a command that was ended before it ran. */
export function unstartedStatus(
  request: runtime.Executable,
  spec: CommandSpec,
  cause: TerminationCause,
): runtime.ExecutableStatus {
  const isTimeout = cause === 'timeout';
  const reason = isTimeout
    ? `it timed out after ${request.timeoutMs} ms, before its start was done. Programs on a file system that hangs do that`
    : 'the daemon is shutting down';
  return {
    ...emptyStatus(),
    meta: { name: nameOf(request), message: `Cannot run "${spec.label}": ${reason}` },
    status: meta.Status.STATUS_ERROR,
    errorCode: isTimeout ? 'ETIMEDOUT' : 'ECANCELED',
    failedStep: runtime.StartStep.START_STEP_OTHER,
    termination: terminationOf(cause),
  };
}

export function emptyStatus(): runtime.ExecutableStatus {
  return {
    meta: undefined,
    proc: undefined,
    status: meta.Status.STATUS_UNKNOWN,
    stdout: '',
    stderr: '',
    exitCode: '',
    stdoutBytes: none,
    stderrBytes: none,
    stdoutDroppedBytes: 0n,
    stderrDroppedBytes: 0n,
    signal: 0,
    errorCode: '',
    termination: runtime.Termination.TERMINATION_NONE,
    usage: undefined,
    startedAtMs: 0n,
    endedAtMs: 0n,
    executable: undefined,
    failedStep: runtime.StartStep.START_STEP_UNSPECIFIED,
    outOfMemory: false,
    restarts: 0,
    nextStartAtMs: 0n,
    logLostRecords: 0n,
    stopped: false,
  };
}

export function failedStepOf(step: number): runtime.StartStep {
  switch (step) {
    case SpawnStep.exec:
      return runtime.StartStep.START_STEP_PROGRAM;
    case SpawnStep.directory:
      return runtime.StartStep.START_STEP_DIRECTORY;
    case SpawnStep.user:
    case SpawnStep.credentials:
      return runtime.StartStep.START_STEP_USER;
    default:
      return runtime.StartStep.START_STEP_OTHER;
  }
}

export function nameOf(request: runtime.Executable): string {
  return request.meta?.name || request.command;
}

interface AnsweredChannel {
  readonly text: string;
  readonly bytes: Buffer;
  readonly droppedBytes: number;
  readonly overBudget: boolean;
}

function answered(channel: CapturedChannel, binary: boolean, limitBytes: number): AnsweredChannel {
  const { bytes, totalBytes, overBudget } = channel;
  if (binary) return { text: '', bytes, droppedBytes: totalBytes - bytes.length, overBudget };
  const { text, usedBytes } = outputText(bytes, totalBytes > bytes.length, limitBytes);
  return { text, bytes: none, droppedBytes: totalBytes - usedBytes, overBudget };
}

function messageOf(finished: FinishedExec, stdout: AnsweredChannel, stderr: AnsweredChannel): string {
  return [
    ...causeSentences(finished),
    ...(finished.exit.signal
      ? [`Ended by ${finished.exit.signal.name}${finished.exit.coreDumped ? ' (core dumped)' : ''}.`]
      : []),
    ...(finished.exit.exitCode === undefined ? ['How it ended is not known.'] : []),
    ...cutSentences('stdout', stdout),
    ...cutSentences('stderr', stderr),
  ].join(' ');
}

function causeSentences({ cause, termination, request }: FinishedExec): string[] {
  const sentences: string[] = [];
  if (cause === 'timeout') sentences.push(`Timed out after ${request.timeoutMs} ms; the process tree was ended.`);
  if (cause === 'shutdown') sentences.push('The daemon is shutting down; the process tree was ended.');
  const count = termination?.processCount ?? 0;
  if (cause === 'left-behind' && count > 0) {
    const processes = count === 1 ? '1 background process was' : `${count} background processes were`;
    sentences.push(`${processes} ended with the command: start what is to run on with ExecutableStart.`);
  }
  const survivors = termination?.survivors ?? [];
  if (survivors.length > 0) {
    const pids = survivors.map(({ pid }) => pid).join(', ');
    sentences.push(`Even SIGKILL did not end ${pids} in time: stuck in the kernel.`);
  }
  return sentences;
}

function cutSentences(name: string, { droppedBytes, overBudget }: AnsweredChannel): string[] {
  if (droppedBytes === 0) return [];
  const reason = overBudget ? ' because the captured output of all running commands reached its limit' : '';
  return [`${name} was cut${reason}: ${droppedBytes} bytes are missing at its end.`];
}

function terminationOf(cause: TerminationCause | undefined): runtime.Termination {
  switch (cause) {
    case 'timeout':
      return runtime.Termination.TERMINATION_TIMEOUT;
    case 'cancelled':
      return runtime.Termination.TERMINATION_CANCELLED;
    case 'shutdown':
      return runtime.Termination.TERMINATION_SHUTDOWN;
    default:
      return runtime.Termination.TERMINATION_NONE;
  }
}
