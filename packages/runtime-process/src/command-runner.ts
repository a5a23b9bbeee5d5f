import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { abortReason, ResourceExhaustedError, type runtime, ShuttingDownError } from '@aurae/proto';
import { commandEnvironment } from './command-environment.js';
import { type CommandSpec, commandSpec } from './command-spec.js';
import { completeStatus, failedStatus, unstartedStatus } from './exec-status.js';
import { failureMessage } from './failure-message.js';
import { LiveExec, type LiveExecEnd } from './live-exec.js';
import type { CompleteProcessRuntimeOptions } from './process-runtime-options.js';
import { ProcessScanner } from './process-scanner.js';
import { beginProcess } from './running-process.js';
import { SpawnFailure } from './spawn-failure.js';
import { killLimitMs } from './termination.js';

/** setTimeout fires at once for anything longer. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Runs commands to their end. */
export class CommandRunner implements AsyncDisposable {
  private readonly options: CompleteProcessRuntimeOptions;
  private readonly scanner = new ProcessScanner();
  /** Those whose process is only being started, and those whose caller has got its answer already, too. */
  private readonly live = new Set<LiveExec>();
  private readonly calls = new Set<Promise<unknown>>();
  private disposing = false;

  constructor(options: CompleteProcessRuntimeOptions) {
    this.options = options;
  }

  /**
   * Answers when the whole process tree is gone. Rejects with the signal's reason when the signal aborts, with
   * `InvalidSpecError` for a request that cannot be right, and with `ResourceExhaustedError` at the limits.
   *
   * A start may hang in the kernel: then the answer does not wait for it, and a process that comes late is killed.
   */
  async run(request: runtime.Executable, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    if (signal.aborted) throw abortReason(signal);
    if (this.disposing) throw new ShuttingDownError('Cannot run a command: the daemon is shutting down');
    const spec = commandSpec(request);
    if (this.live.size >= this.options.maxLiveExecs) {
      throw new ResourceExhaustedError(
        `Cannot run "${spec.label}": ${this.live.size} commands run already, which is the limit. Wait for some to ` +
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

  /** Ends all commands with their trees. Bounded by the grace period and 5 s, whatever hangs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.disposing = true;
    for (const live of this.live) live.end('shutdown');
    const limitMs = Math.max(this.options.killGraceMs, this.options.leftBehindGraceMs) + killLimitMs;
    const patience = new AbortController();
    const limit = delay(limitMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled([...this.calls, ...Array.from(this.live, ({ gone }) => gone)]), limit]);
    patience.abort();
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
    const start = () =>
      beginProcess({
        file: spec.argv[0] ?? '',
        argv: spec.argv,
        env,
        cwd: spec.cwd,
        user: spec.user,
        captureLimitBytes: limitBytes,
        captureBudgetBytes: this.options.outputBudgetBytes,
      });
    let failure: SpawnFailure;
    try {
      const live = new LiveExec(start, invocationId, this.scanner, this.options);
      const end = await this.finish(live, request, signal);
      if (end.cause === 'cancelled') throw abortReason(signal);
      if (!end.started) return unstartedStatus(request, spec, end.cause);
      if (!end.exit.failure) return completeStatus({ request, spec, limitBytes, ...end });
      failure = end.exit.failure;
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error;
      failure = error;
    }
    if (failure.isShortage) throw shortage(spec, failure);
    return failedStatus(request, failureMessage(spec, env, failure), failure);
  }

  private async finish(live: LiveExec, request: runtime.Executable, signal: AbortSignal): Promise<LiveExecEnd> {
    this.track(live);
    const cancel = () => live.end('cancelled');
    const timeoutMs = Math.min(request.timeoutMs, longestTimeoutMs);
    const timer = timeoutMs > 0 ? setTimeout(() => live.end('timeout'), timeoutMs) : undefined;
    // One signal may serve thousands of commands: that is no leak to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await live.finished;
    } finally {
      signal.removeEventListener('abort', cancel);
      clearTimeout(timer);
    }
  }

  private track(live: LiveExec): void {
    this.live.add(live);
    const forget = () => void this.live.delete(live);
    live.gone.then(forget, forget);
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
