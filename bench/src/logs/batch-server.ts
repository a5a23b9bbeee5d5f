import { once } from 'node:events';
import { encodeLogBatch, observe } from '@aurae/proto';
import { Server, type ServerWritableStream } from '@grpc/grpc-js';
import { serveOnEchoPlace } from '../serve-on-echo-place.js';
import { lineBytes } from './line-check.js';

// A program: answers GetWorkloadLogStream with numbered lines that cost next to nothing to make, until its parent goes
// away. `tail` of the request is their number.

type LogCall = ServerWritableStream<observe.GetWorkloadLogStreamRequest, Buffer>;

/** As many as the daemon puts into one message. */
const linesInBatch = 256;
const digits = 10;
const placeholder = '#'.repeat(digits);

/** The bytes of a batch of so many lines, and where their numbers belong. */
function template(lines: number): { readonly bytes: Buffer; readonly places: readonly number[] } {
  const item = observe.LogItem.fromPartial({
    channel: 'stdout',
    line: `${placeholder} ${'x'.repeat(lineBytes - digits - 2)}`,
    timestamp: BigInt(Date.now()),
    sequence: 1_000_000n,
  });
  const bytes = encodeLogBatch({ items: Array.from({ length: lines }, () => item), logId: '' });
  const places: number[] = [];
  for (let at = bytes.indexOf(placeholder); at >= 0; at = bytes.indexOf(placeholder, at + 1)) places.push(at);
  return { bytes, places };
}

async function streamAll(call: LogCall, signal: AbortSignal): Promise<void> {
  const whole = template(linesInBatch);
  for (let next = 1; next <= call.request.tail; next += linesInBatch) {
    const count = Math.min(linesInBatch, call.request.tail - next + 1);
    const { bytes, places } = count === linesInBatch ? whole : template(count);
    const message = Buffer.from(bytes);
    for (const [index, place] of places.entries()) putNumber(message, place, next + index);
    if (!call.write(message)) await once(call, 'drain', { signal });
  }
  call.end();
}

function putNumber(bytes: Buffer, at: number, number: number): void {
  let rest = number;
  for (let digit = at + digits - 1; digit >= at; digit--) {
    bytes[digit] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** A client that has seen enough hangs up. */
function stream(call: LogCall): void {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  streamAll(call, gone.signal).catch(() => undefined);
}

const server = new Server();
const getWorkloadLogStream = {
  ...observe.ObserveService.getWorkloadLogStream,
  responseSerialize: (message: Buffer) => message,
};
server.addService({ getWorkloadLogStream }, { getWorkloadLogStream: stream });
await serveOnEchoPlace(server, process.argv[2] ?? '');
process.on('disconnect', () => process.exit());
process.send?.('serves');
