import { once } from 'node:events';
import type { Socket } from 'node:net';
import { abortReason, InvalidSpecError, onAbort, type runtime, unlessAborted } from '@aurae/proto';
import { parseSignal } from '../signal-names.js';
import { encodeChunks, encodeFrame, FrameDecoder, FrameType } from '../shim/frames.js';
import { connectToShim } from '../shim/shim-connection.js';
import { terminalSize } from './executable-spec.js';
import type { LiveRun } from './live-run.js';
import type { Workload } from './workload.js';
import { endedRunStatus } from './workload-status.js';

/** What a client has to say after its `open`. */
export type AttachInputs = AsyncIterator<runtime.AttachRequest>;

/**
 * A conversation with a running workload. It takes a connection of its own, so that input that the workload does not
 * take holds up nobody else. When the conversation ends the workload goes on; when the workload ends, its status is
 * the last response.
 */
export async function* attachWorkload(
  workload: Workload,
  run: LiveRun,
  open: runtime.AttachOpen,
  inputs: AttachInputs,
  signal: AbortSignal,
): AsyncGenerator<runtime.AttachResponse> {
  const socket = await connectOrEnd(run, signal);
  try {
    if (socket) {
      if (open.terminal) await resize(run, open.terminal, signal);
      // The answer to the second tells that the first is in force: nothing is missed from `started` on.
      socket.write(encodeFrame(FrameType.watch));
      socket.write(encodeFrame(FrameType.requestState));
      yield* conversation(run, socket, inputs, signal);
    }
    yield response('ended', await statusAtEnd(workload, run, signal));
  } finally {
    socket?.destroy();
  }
}

/** Undefined when the run is over. */
async function connectOrEnd(run: LiveRun, signal: AbortSignal): Promise<Socket | undefined> {
  try {
    return await connectToShim(run.identity.socket, signal);
  } catch {
    if (signal.aborted) throw abortReason(signal);
  }
  // The socket was removed, and is there again once the run's own connection has asked for it.
  return (await run.isReachable(signal)) ? connectToShim(run.identity.socket, signal) : undefined;
}

async function* conversation(
  run: LiveRun,
  socket: Socket,
  inputs: AttachInputs,
  signal: AbortSignal,
): AsyncGenerator<runtime.AttachResponse> {
  const inputEnd = new AbortController();
  const forwarding = forwardInputs(run, socket, inputs, AbortSignal.any([signal, inputEnd.signal]));
  let failure: unknown;
  forwarding.catch((error: unknown) => {
    failure = error;
    socket.destroy();
  });
  const stopListening = onAbort(signal, () => socket.destroy());
  try {
    const decoder = new FrameDecoder();
    let isStarted = false;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const { type, payload } of decoder.push(chunk)) {
        const said = type === FrameType.state && !isStarted ? started(run) : responseOf(type, payload);
        isStarted ||= type === FrameType.state;
        if (said) yield said;
      }
    }
  } catch (error) {
    failure ??= isLostConnection(error) ? undefined : error;
  } finally {
    inputEnd.abort();
    stopListening();
  }
  if (signal.aborted) throw abortReason(signal);
  if (failure !== undefined) throw failure;
}

/** The shim writes to many; that one of its connections breaks means that it has ended, or that we have hung up. */
function isLostConnection(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function responseOf(type: number, payload: Buffer): runtime.AttachResponse | undefined {
  switch (type) {
    case FrameType.stdout:
      return response('stdout', payload);
    case FrameType.stderr:
      return response('stderr', payload);
    case FrameType.lost:
      return response('droppedBytes', payload.readBigUInt64LE(0));
    default:
      return undefined;
  }
}

function started(run: LiveRun): runtime.AttachResponse {
  return response('started', { proc: { pid: run.pid } });
}

type Output = NonNullable<runtime.AttachResponse['output']>;

function response<Case extends Output['$case']>(
  $case: Case,
  value: Extract<Output, { $case: Case }>['value'],
): runtime.AttachResponse {
  return { output: { $case, value } as Output };
}

/** Ends with the client's last word, which detaches nobody: it goes on to hear. */
async function forwardInputs(run: LiveRun, socket: Socket, inputs: AttachInputs, signal: AbortSignal): Promise<void> {
  for (let next = await inputs.next(); !next.done; next = await inputs.next()) {
    if (signal.aborted) return;
    await forward(run, socket, next.value, signal);
  }
}

async function forward(
  run: LiveRun,
  socket: Socket,
  { input }: runtime.AttachRequest,
  signal: AbortSignal,
): Promise<void> {
  switch (input?.$case) {
    case 'stdin':
      return writeAll(socket, encodeChunks(FrameType.stdin, input.value), signal);
    case 'stdinClosed':
      return writeAll(socket, [encodeFrame(FrameType.stdinEnd)], signal);
    case 'resize':
      return resize(run, input.value, signal);
    case 'signal':
      return run.signal(parseSignal(input.value, 'signal'), 'main', signal);
    case 'open':
      throw new InvalidSpecError('Cannot attach twice in one conversation', [
        { field: 'open', description: 'only the first request may be an open' },
      ]);
    case undefined:
  }
}

function resize(run: LiveRun, size: runtime.TerminalSize, signal: AbortSignal): Promise<void> {
  const { rows, columns } = terminalSize(size);
  return run.resize(rows, columns, signal);
}

/** Waits where the workload does not read. */
async function writeAll(socket: Socket, frames: readonly Buffer[], signal: AbortSignal): Promise<void> {
  for (const frame of frames) {
    if (!socket.write(frame)) await once(socket, 'drain', { signal });
  }
}

/** Of this run: the next one, if its policy starts one, is another conversation. */
async function statusAtEnd(workload: Workload, run: LiveRun, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
  return endedRunStatus(workload, await unlessAborted(run.ended, signal));
}
