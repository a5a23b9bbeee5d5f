import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { abortReason, type observe, type runtime } from '@aurae/proto';
import { commandEnvironment } from '../command-environment.js';
import { shortage, type WantedCommand } from '../command-outcome.js';
import { commandSpec } from '../command-spec.js';
import { LiveCommands } from '../live-commands.js';
import { LiveExec } from '../live-exec.js';
import type { CompleteProcessRuntimeOptions } from '../process-runtime-options.js';
import { beginProcess, type OutputChannel } from '../running-process.js';
import { SpawnFailure } from '../spawn-failure.js';
import { commandOf } from './attach-request.js';
import type { CommandChannels } from './command-channels.js';
import { CommandSession } from './command-session.js';
import { OutputTaps } from './output-taps.js';
import { pipeChannels } from './pipe-channels.js';
import { terminalChannels } from './terminal-channels.js';

/** Known wherever there is a terminal database, and what most terminals understand. */
export const defaultTerminalType = 'xterm-256color';

/** Runs new commands that talk with their caller, and end with the conversation. */
export class CommandSessions implements AsyncDisposable {
  private readonly options: CompleteProcessRuntimeOptions;
  private readonly commands: LiveCommands;

  /** @param commands shared with whoever else runs commands; they are all ended by the first who is disposed */
  constructor(options: CompleteProcessRuntimeOptions, commands = new LiveCommands(options)) {
    this.options = options;
    this.commands = commands;
  }

  /**
   * Runs the command of `open`: `started`, its output as the reader takes it, and `ended` once the whole process tree is
   * gone. One that cannot run is `ended` with STATUS_ERROR. (As another user, that is known only after `started`.)
   *
   * - The command waits while its output is not read, and it is 64 KiB ahead of that at most.
   * - The end of `requests` is the end of its input. On a terminal that types the end-of-file key.
   * - With a terminal, TERM is `xterm-256color` unless the request gives another.
   * - When the signal aborts, the reader stops, or a request is wrong, the process tree is ended before the iteration
   *   fails. On a terminal, a hangup comes first.
   *
   * Fails with the signal's reason, with `InvalidSpecError` for requests that cannot be right, with
   * `ResourceExhaustedError` at the limits, and with `FailedPreconditionError` where there are no terminals.
   */
  async *attach(
    open: runtime.AttachOpen,
    requests: AsyncIterator<runtime.AttachRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<runtime.AttachResponse> {
    if (signal.aborted) throw abortReason(signal);
    const request = commandOf(open);
    const spec = commandSpec(request);
    this.commands.admit(spec.label);
    const invocationId = randomUUID();
    const command = { request, spec, env: environmentOf(request, open, invocationId), limitBytes: 0 };
    const channels = await openChannels(open, command);
    const live = this.start(command, channels, invocationId);
    const taps = new OutputTaps();
    this.commands.track(live, (_, channel, followSignal) => taps.follow(channel, followSignal));
    // One signal may serve many conversations: that is no leak to warn of.
    setMaxListeners(0, signal);
    const { commands } = this;
    yield* new CommandSession({ command, commands, live, channels, requests, signal, taps }).responses();
  }

  /** The lines of a command that runs, from now on. Undefined when no command has this main process. */
  follow(pid: number, channel: OutputChannel, signal: AbortSignal): AsyncIterable<observe.LogItem> | undefined {
    return this.commands.follow(pid, channel, signal);
  }

  /** Ends all commands with their trees. Bounded by the grace period and 5 s, whatever hangs. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.commands[Symbol.asyncDispose]();
  }

  private start({ spec, env }: WantedCommand, channels: CommandChannels, invocationId: string): LiveExec {
    const cgroup = this.commands.takeCgroup();
    const start = () =>
      beginProcess({
        file: spec.argv[0] ?? '',
        argv: spec.argv,
        env,
        cwd: spec.cwd,
        user: spec.user,
        stdio: channels.stdio,
        controllingTerminal: channels.isTerminal,
        cgroup: cgroup?.descriptor,
      });
    return new LiveExec(start, invocationId, this.commands.scanner, this.options, {
      isOutputHeld: () => channels.outputs.some(({ reader }) => reader.isHeld()),
      hangsUp: channels.isTerminal,
      cgroup,
    });
  }
}

function environmentOf(
  request: runtime.Executable,
  open: runtime.AttachOpen,
  invocationId: string,
): ReadonlyMap<string, string> {
  const user = request.user === '' ? undefined : request.user;
  const variables = open.terminal ? { TERM: defaultTerminalType, ...request.env } : request.env;
  return commandEnvironment(variables, user, invocationId);
}

async function openChannels(open: runtime.AttachOpen, { spec }: WantedCommand): Promise<CommandChannels> {
  try {
    return open.terminal ? await terminalChannels(open.terminal, open.stdin) : pipeChannels(open.stdin);
  } catch (error) {
    if (error instanceof SpawnFailure) throw shortage(spec, error);
    throw error;
  }
}
