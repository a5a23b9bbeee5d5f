import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { abortReason, ResourceExhaustedError, type runtime, ShuttingDownError } from '@aurae/proto';
import { commandEnvironment } from './command-environment.js';
import { type CommandSpec, commandSpec } from './command-spec.js';
import { completeStatus, failedStatus } from './exec-status.js';
import { failureMessage } from './failure-message.js';
import { LiveExec, type LiveExecEnd } from './live-exec.js';
import type { CompleteProcessRuntimeOptions } from './process-runtime-options.js';
import { ProcessScanner } from './process-scanner.js';
import { startProcess } from './running-process.js';
import { SpawnFailure } from './spawn-failure.js';

/** setTimeout fires at once for anything longer. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Runs commands to their end. */
export class CommandRunner implements AsyncDisposable {
  private readonly options: CompleteProcessRuntimeOptions;
  private readonly scanner = new ProcessScanner();
  private readonly live = new Set<LiveExec>();
  /** Those whose process is only being started, too. */
  private readonly calls = new Set<Promise<unknown>>();
  private disposing = false;

  constructor(options: CompleteProcessRuntimeOptions) {
    this.options = options;
  }

  /**
   * Answers when the whole process tree is gone. Rejects with the signal's reason when the signal aborts, with
   * `InvalidSpecError` for a request that cannot be right, and with `ResourceExhaustedError` at the limits.
   */
  async run(request: runtime.Executable, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    if (signal.aborted) throw abortReason(signal);
    if (this.disposing) throw new ShuttingDownError('Cannot run a command: the daemon is shutting down');
    const spec = commandSpec(request);
    if (this.calls.size >= this.options.maxLiveExecs) {
      throw new ResourceExhaustedError(
        `Cannot run "${spec.label}": ${this.calls.size} commands run already, which is the limit. Wait for some to ` +
          'end, or raise max_live_execs in the config',
      );
    }
    const call = this.startAndFinish(request, spec, signal);
    this.calls.add(call);
    try {
      return await call;
    } finally {
      this.calls.delete(call);
    }
  }

  /** Ends all commands with their trees. Bounded by the grace period and 5 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.disposing = true;
    for (const live of this.live) live.end('shutdown');
    await Promise.allSettled(this.calls);
  }

  private async startAndFinish(
    request: runtime.Executable,
    spec: CommandSpec,
    signal: AbortSignal,
  ): Promise<runtime.ExecutableStatus> {
    const invocationId = randomUUID();
    const env = commandEnvironment(request.env, spec.user, invocationId);
    const limitBytes = Math.min(
      request.outputLimitBytes || this.options.outputLimitBytes,
      this.options.outputLimitBytes,
    );
    let failure: SpawnFailure;
    try {
      const process = await startProcess({
        file: spec.argv[0] ?? '',
        argv: spec.argv,
        env,
        cwd: spec.cwd,
        user: spec.user,
        captureLimitBytes: limitBytes,
        captureBudgetBytes: this.options.outputBudgetBytes,
      });
      const live = new LiveExec(process, invocationId, this.scanner, this.options);
      const end = await this.finish(live, request, signal);
      if (end.cause === 'cancelled') throw abortReason(signal);
      if (!end.exit.failure) return completeStatus({ request, spec, pid: process.pid, limitBytes, ...end });
      failure = end.exit.failure;
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error;
      failure = error;
    }
    if (failure.isShortage) throw shortage(spec, failure);
    return failedStatus(request, failureMessage(spec, env, failure), failure);
  }

  private async finish(live: LiveExec, request: runtime.Executable, signal: AbortSignal): Promise<LiveExecEnd> {
    const cancel = () => live.end('cancelled');
    const timeoutMs = Math.min(request.timeoutMs, longestTimeoutMs);
    const timer = timeoutMs > 0 ? setTimeout(() => live.end('timeout'), timeoutMs) : undefined;
    // One signal may serve thousands of commands: that is no leak to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', cancel, { once: true });
    this.live.add(live);
    // Both may have happened while the process was being started.
    if (signal.aborted) cancel();
    if (this.disposing) live.end('shutdown');
    try {
      return await live.finished;
    } finally {
      this.live.delete(live);
      signal.removeEventListener('abort', cancel);
      clearTimeout(timer);
    }
  }
}

function shortage(spec: CommandSpec, failure: SpawnFailure): ResourceExhaustedError {
  return new ResourceExhaustedError(
    `Cannot run "${spec.label}": the host has no more ${resourceOf(failure.code)} (${failure.code}). Wait for other ` +
      'commands to end, or raise the limit of the daemon',
    { cause: failure },
  );
}

function resourceOf(code: string): string {
  switch (code) {
    case 'EMFILE':
    case 'ENFILE':
      return 'file descriptors for it';
    case 'EAGAIN':
      return 'processes for it';
    default:
      return 'memory for it';
  }
}
