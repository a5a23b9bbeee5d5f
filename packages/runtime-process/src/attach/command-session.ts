import { abortReason, onAbort, type runtime } from '@aurae/proto';
import { commandOutcome, type WantedCommand } from '../command-outcome.js';
import type { LiveCommands } from '../live-commands.js';
import { endAfter, type LiveExec } from '../live-exec.js';
import type { RunningProcess } from '../running-process.js';
import { applyRequest } from './attach-request.js';
import type { ChannelReader, CommandChannels } from './command-channels.js';
import type { OutputTaps } from './output-taps.js';
import { ResponseQueue } from './response-queue.js';

/** Input that the command has not taken: with more of it, no request is read, signals and sizes included. */
const mostWaitingInputBytes = 1024 * 1024;

export interface SessionParts {
  readonly command: WantedCommand;
  readonly commands: LiveCommands;
  readonly live: LiveExec;
  readonly channels: CommandChannels;
  readonly requests: AsyncIterator<runtime.AttachRequest>;
  readonly signal: AbortSignal;
  readonly taps: OutputTaps;
}

/** The conversation with one new command. */
export class CommandSession {
  private readonly parts: SessionParts;
  private readonly queue = new ResponseQueue();
  private over = false;
  private failure: unknown;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  /** To the end of the command. When its reader stops, the command is ended, and then the reading. */
  async *responses(): AsyncGenerator<runtime.AttachResponse> {
    const { command, commands, live, signal } = this.parts;
    const ignoreAbort = onAbort(signal, () => this.stop(abortReason(signal)));
    if (signal.aborted) this.stop(abortReason(signal));
    const stopTimer = endAfter(live, command.request.timeoutMs);
    const conversation = commands.during(this.converse());
    try {
      for (let next = await this.queue.next(); next; next = await this.queue.next()) yield next;
    } finally {
      ignoreAbort();
      stopTimer();
      live.end('cancelled');
      this.queue.discard();
      await conversation;
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** Settles when nothing of it is left; never rejects. */
  private async converse(): Promise<void> {
    const { live, channels, command, taps } = this.parts;
    void live.started.then(() => channels.closeCommandEnds());
    try {
      const outputs = this.relayAll();
      const status = await commandOutcome(command, live.finished);
      this.finishOutput();
      await outputs;
      await this.queue.put({ $case: 'ended', value: status });
    } catch (error) {
      this.failure ??= error;
    } finally {
      this.over = true;
      taps.end();
      channels.close();
      this.letGoOfRequests();
      this.queue.end();
    }
  }

  /** Ends the command; then the conversation ends with this error. */
  private stop(reason: unknown): void {
    if (this.over) return;
    this.failure ??= reason;
    this.parts.live.end('cancelled');
    this.queue.discard();
  }

  private finishOutput(): void {
    this.queue.unbind();
    for (const { reader } of this.parts.channels.outputs) reader.finish();
  }

  private async relayAll(): Promise<void> {
    const { live, channels } = this.parts;
    const neverStarted = live.finished.then(
      () => undefined,
      () => undefined,
    );
    const process = await Promise.race([live.started, neverStarted]);
    if (!process) return;
    await this.queue.put({ $case: 'started', value: { proc: { pid: process.pid } } });
    void this.readRequests(process);
    await Promise.all(channels.outputs.map((output) => this.relay(output)));
  }

  private async relay({ channel, reader }: ChannelReader): Promise<void> {
    for (let bytes = await reader.read(); bytes; bytes = await reader.read()) {
      this.parts.taps.add(channel, bytes);
      await this.queue.put({ $case: channel, value: bytes });
    }
  }

  private async readRequests(process: RunningProcess): Promise<void> {
    const { channels, requests } = this.parts;
    const target = { channels, signal: (number: number) => void process.signalGroup(number) };
    try {
      while (!this.over) {
        const { done, value } = await requests.next();
        if (this.over) return;
        if (done) return channels.input?.end();
        applyRequest(value, target);
        await channels.input?.atMost(mostWaitingInputBytes);
      }
    } catch (error) {
      this.stop(error);
    }
  }

  /** Not awaited: it may wait for a request that never comes. */
  private letGoOfRequests(): void {
    this.parts.requests.return?.().catch(() => undefined);
  }
}
