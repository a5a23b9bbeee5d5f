import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { abortReason, type observe, onAbort, type runtime } from '@aurae/proto';
import { commandEnvironment } from './command-environment.js';
import { commandOutcome } from './command-outcome.js';
import { type CommandSpec, commandSpec } from './command-spec.js';
import { followCaptured } from './exec-follow.js';
import { LiveCommands } from './live-commands.js';
import { endAfter, LiveExec, type LiveExecEnd } from './live-exec.js';
import type { CompleteProcessRuntimeOptions } from './process-runtime-options.js';
import { beginProcess, type OutputChannel } from './running-process.js';

/** Runs commands to their end. */
export class CommandRunner implements AsyncDisposable {
  private readonly options: CompleteProcessRuntimeOptions;
  private readonly commands: LiveCommands;

  /** @param commands shared with whoever else runs commands; they are all ended by the first who is disposed */
  constructor(options: CompleteProcessRuntimeOptions, commands = new LiveCommands(options)) {
    this.options = options;
    this.commands = commands;
  }

  /**
   * Answers when the whole process tree is gone. Rejects with the signal's reason when the signal aborts, with
   * `InvalidSpecError` for a request that cannot be right, and with `ResourceExhaustedError` at the limits.
   *
   * A start may hang in the kernel: then the answer does not wait for it, and a process that comes late is killed.
   */
  async run(request: runtime.Executable, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    if (signal.aborted) throw abortReason(signal);
    const spec = commandSpec(request);
    this.commands.admit(spec.label);
    return this.commands.during(this.startAndFinish(request, spec, signal));
  }

  /**
   * The lines of a command that runs: what was captured so far, then what comes, at the reader's pace, to its end.
   * Undefined when no command has this main process.
   */
  follow(pid: number, channel: OutputChannel, signal: AbortSignal): AsyncIterable<observe.LogItem> | undefined {
    return this.commands.follow(pid, channel, signal);
  }

  /** Ends all commands with their trees. Bounded by the grace period and 5 s, whatever hangs. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.commands[Symbol.asyncDispose]();
  }

  private async startAndFinish(
    request: runtime.Executable,
    spec: CommandSpec,
    signal: AbortSignal,
  ): Promise<runtime.ExecutableStatus> {
    const invocationId = randomUUID();
    const env = commandEnvironment(request.env, spec.user, invocationId);
    const { outputLimitBytes, outputBudgetBytes } = this.options;
    const limitBytes = Math.min(request.outputLimitBytes || outputLimitBytes, outputLimitBytes);
    const cgroup = this.commands.takeCgroup();
    const start = () =>
      beginProcess({
        file: spec.argv[0] ?? '',
        argv: spec.argv,
        env,
        cwd: spec.cwd,
        user: spec.user,
        captureLimitBytes: limitBytes,
        captureBudgetBytes: outputBudgetBytes,
        cgroup: cgroup?.descriptor,
      });
    const live = new LiveExec(start, invocationId, this.commands.scanner, this.options, { cgroup });
    return commandOutcome({ request, spec, env, limitBytes }, this.finish(live, request, signal));
  }

  private async finish(live: LiveExec, request: runtime.Executable, signal: AbortSignal): Promise<LiveExecEnd> {
    this.commands.track(live, (process, channel, followSignal) =>
      followCaptured(process, live.gone, channel, followSignal),
    );
    const stopTimer = endAfter(live, request.timeoutMs);
    // One signal may serve thousands of commands: that is no leak to warn of.
    setMaxListeners(0, signal);
    const ignoreAbort = onAbort(signal, () => live.end('cancelled'));
    try {
      const end = await live.finished;
      if (end.cause === 'cancelled') throw abortReason(signal);
      return end;
    } finally {
      ignoreAbort();
      stopTimer();
    }
  }
}
