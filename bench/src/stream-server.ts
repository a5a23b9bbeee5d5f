import { once } from 'node:events';
import { observe } from '@aurae/proto';
import { Server, type ServerWritableStream } from '@grpc/grpc-js';
import { serveOnEchoPlace } from './serve-on-echo-place.js';
import { streamedLine, streamedLines } from './stream-messages.js';

// A program: answers GetSubProcessStream with messages that cost nothing to make, until its parent goes away.

type LogCall = ServerWritableStream<observe.GetSubProcessStreamRequest, observe.LogItem>;

async function streamAll(call: LogCall, signal: AbortSignal): Promise<void> {
  const timestamp = BigInt(Date.now());
  for (let sequence = 1n; sequence <= streamedLines; sequence++) {
    const item: observe.LogItem = {
      channel: 'stdout',
      line: streamedLine,
      timestamp,
      sequence,
      dropped: 0n,
      level: '',
      fieldsJson: '',
      partial: false,
      lineBytes: Buffer.alloc(0),
    };
    if (!call.write(item)) await once(call, 'drain', { signal });
  }
  call.end();
}

/** A client that has seen enough hangs up. */
function stream(call: LogCall): void {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  streamAll(call, gone.signal).catch(() => undefined);
}

const server = new Server();
const { getSubProcessStream } = observe.ObserveService;
server.addService({ getSubProcessStream }, { getSubProcessStream: stream });
await serveOnEchoPlace(server, process.argv[2] ?? '');
process.on('disconnect', () => process.exit());
process.send?.('serves');
