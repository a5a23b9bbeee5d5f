import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  backendDefinitions,
  bindService,
  type CallContext,
  callContext,
  decodeLogBatch,
  encodeLogBatch,
  GrpcRpc,
  observe,
} from '../../src/index.js';
import { batch } from './any-batch.js';

const definitions = { observe: observe.ObserveService, ...backendDefinitions };
const methods = Object.entries(definitions).flatMap(([kind, definition]) =>
  Object.entries(definition).map(([name, method]) => ({ name: `${kind}.${name}`, method })),
);

describe('every method that answers with batches of log lines', () => {
  const answering = methods.filter(({ method }) => {
    const read: unknown = method.responseDeserialize(Buffer.alloc(0));
    return typeof read === 'object' && read !== null && 'logId' in read && 'items' in read;
  });

  it('is found by its answer', () => {
    const names = ['observe.getWorkloadLogStream', 'executable.readLog', 'container.readLog', 'instance.readLog'];
    expect(answering.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  it.each(answering)('$name uses the fast codec', ({ method }) => {
    expect(method).toMatchObject({ responseSerialize: encodeLogBatch, responseDeserialize: decodeLogBatch });
  });
});

describe('a generated client', () => {
  let directory: string;
  let server: Server;
  let client: Client;
  let sent: observe.LogBatch[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'aurae-proto-'));
    server = new Server();
    const { getWorkloadLogStream } = observe.ObserveService;
    const context = callContext();
    const answer = {
      getWorkloadLogStream: async function* () {
        yield* sent;
      },
    };
    server.addService(
      { getWorkloadLogStream },
      bindService({ getWorkloadLogStream }, answer, () => ({ context, close: () => undefined })),
    );
    const address = `unix:${join(directory, 'logs.sock')}`;
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
    );
    client = new Client(address, credentials.createInsecure());
  });

  afterAll(() => {
    client.close();
    server.forceShutdown();
    rmSync(directory, { recursive: true, force: true });
  });

  it('receives over gRPC what the server has sent', async () => {
    const stub = new observe.ObserveClientImpl<CallContext>(new GrpcRpc(client));
    // Halves of surrogate pairs do not survive the wire.
    const onceSent = batch.map((value) => decodeLogBatch(encodeLogBatch(value)));
    await fc.assert(
      fc.asyncProperty(fc.array(onceSent, { maxLength: 5 }), async (batches) => {
        sent = batches;
        const received: observe.LogBatch[] = [];
        const request = observe.GetWorkloadLogStreamRequest.fromPartial({});
        for await (const one of stub.getWorkloadLogStream(callContext(), request)) received.push(one);
        expect(received).toEqual(batches);
      }),
      { numRuns: 50 },
    );
  });

  it('decodes with the fast codec', () => {
    // What the generated codec takes for the end of a message.
    const endOfNoGroup = Uint8Array.from([0x0c]);
    expect(() => observe.LogBatch.decode(endOfNoGroup)).toThrow('Cannot read the message at byte');
  });
});
