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
import { Loopback } from '../loopback.js';
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
  let loopback: Loopback;
  let sent: observe.LogBatch[] = [];

  beforeAll(async () => {
    const { getWorkloadLogStream } = observe.ObserveService;
    const context = callContext();
    const answer = {
      getWorkloadLogStream: async function* () {
        yield* sent;
      },
    };
    loopback = await Loopback.serve(
      { getWorkloadLogStream },
      bindService({ getWorkloadLogStream }, answer, () => ({ context, close: () => undefined })),
    );
  });

  afterAll(() => loopback[Symbol.dispose]());

  it('receives over gRPC what the server has sent', async () => {
    const stub = new observe.ObserveClientImpl<CallContext>(new GrpcRpc(loopback.client));
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
