import { runtime } from '@aurae/proto';
import { afterEach, beforeEach, expect } from 'vitest';
import { CommandSessions } from '../../src/attach/command-sessions.js';
import { defaultProcessRuntimeOptions, type ProcessRuntimeOptions } from '../../src/process-runtime-options.js';
import { mark, markedProcesses, openDescriptors } from '../exec-harness.js';
import { RequestFeed } from './request-feed.js';

const [markName = '', markValue = ''] = mark.split('=');

export interface OpenOptions extends Partial<runtime.Executable> {
  readonly stdin?: boolean;
  readonly size?: readonly [rows: number, columns: number];
  readonly signal?: AbortSignal;
  readonly requests?: AsyncIterator<runtime.AttachRequest>;
}

/** A conversation as a client has it. */
export class Conversation {
  readonly requests = new RequestFeed();
  private readonly responses: AsyncGenerator<runtime.AttachResponse>;
  private readonly buffered = { stdout: '', stderr: '' };

  constructor(sessions: CommandSessions, { stdin = true, size, signal, requests, ...request }: OpenOptions) {
    const env = { [markName]: markValue, ...request.env };
    const value = runtime.Executable.fromPartial({ ...request, env });
    const terminal = size && { rows: size[0], columns: size[1] };
    const open: runtime.AttachOpen = { target: { $case: 'executable', value }, argv: [], stdin, terminal };
    this.responses = sessions.attach(open, requests ?? this.requests, signal ?? new AbortController().signal);
  }

  type(input: string | Buffer): void {
    this.requests.push({ $case: 'stdin', value: Buffer.from(input) });
  }

  async next(): Promise<runtime.AttachResponse['output']> {
    const { done, value } = await this.responses.next();
    return done ? undefined : value.output;
  }

  /** The pid of the command: for the first answer. */
  async started(): Promise<number> {
    const output = await this.next();
    if (output?.$case !== 'started') throw new Error(`expected "started", got ${JSON.stringify(output)}`);
    return output.value.proc?.pid ?? 0;
  }

  /** Reads until stdout, as far as it has not been looked at, contains this; the answer is all up to its end. */
  async until(text: string): Promise<string> {
    for (;;) {
      const end = this.buffered.stdout.indexOf(text) + text.length;
      if (end >= text.length) {
        const before = this.buffered.stdout.slice(0, end);
        this.buffered.stdout = this.buffered.stdout.slice(end);
        return before;
      }
      const output = await this.next();
      if (output?.$case === 'stdout') this.buffered.stdout += output.value.toString();
      else if (output?.$case !== 'started' && output?.$case !== 'stderr')
        throw new Error(`no "${text}" in ${JSON.stringify(this.buffered.stdout)}`);
    }
  }

  /** What is left of the output, and the end. */
  async finish(): Promise<{ stdout: string; stderr: string; ended: runtime.ExecutableStatus }> {
    const { stdout, stderr, ended } = await this.finishBytes();
    return { stdout: this.buffered.stdout + stdout.toString(), stderr: stderr.toString(), ended };
  }

  async finishBytes(): Promise<{ stdout: Buffer; stderr: Buffer; ended: runtime.ExecutableStatus }> {
    const pieces: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    let ended: runtime.ExecutableStatus | undefined;
    for (let output = await this.next(); output; output = await this.next()) {
      expect(ended, 'nothing comes after the end').toBeUndefined();
      if (output.$case === 'stdout' || output.$case === 'stderr') {
        expect(output.value.length).toBeLessThanOrEqual(64 * 1024);
        pieces[output.$case].push(output.value);
      } else if (output.$case === 'ended') {
        ended = output.value;
      }
    }
    if (!ended) throw new Error('the conversation ended without an end');
    return { stdout: Buffer.concat(pieces.stdout), stderr: Buffer.concat(pieces.stderr), ended };
  }

  /** Goes away. */
  async leave(): Promise<void> {
    await this.responses.return(undefined);
  }
}

/** Gives each test sessions of its own, and fails the test if descriptors or processes are left. */
/** Sessions that leave a program all the time it wants for its answer to a signal. */
export function patientSessions(): CommandSessions {
  return new CommandSessions({ ...defaultProcessRuntimeOptions, killGraceMs: 50_000 });
}

export function useSessions(options: ProcessRuntimeOptions = {}): () => CommandSessions {
  let current: CommandSessions | undefined;
  let descriptors: readonly string[] = [];
  beforeEach(async () => {
    current = new CommandSessions({ ...defaultProcessRuntimeOptions, ...options });
    // The first command opens what the process keeps: the epoll set, the starter's thread.
    await new Conversation(current, { command: '/bin/true' }).finish();
    descriptors = openDescriptors();
  });
  afterEach(async () => {
    await current?.[Symbol.asyncDispose]();
    expect(markedProcesses(), 'processes left').toEqual([]);
    expect(openDescriptors(), 'descriptors left').toEqual(descriptors);
  });
  return () => {
    if (!current) throw new Error('no test is running');
    return current;
  };
}
