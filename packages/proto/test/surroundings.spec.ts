import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backend, bindService, type CallContext, callContext, GrpcRpc, observe, runtime } from '../src/index.js';
import { Loopback } from './loopback.js';

const surroundings = new AsyncLocalStorage<string>();
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** Notes in what surroundings each of its steps is done, and waits in every way that there is between them. */
class Noting implements Partial<backend.ExecutableBackend<CallContext>> {
  readonly seen: (string | undefined)[] = [];

  async exec(): Promise<runtime.ExecutableStatus> {
    this.note();
    await sleep(1);
    this.note();
    return runtime.ExecutableStatus.fromPartial({});
  }

  async *readLog(_: CallContext, { tail }: observe.GetWorkloadLogStreamRequest): AsyncIterable<observe.LogBatch> {
    try {
      for (let number = 0; number < tail; number++) {
        this.note();
        if (number % 7 === 0) await setImmediate();
        yield* this.some();
      }
    } finally {
      this.note();
    }
  }

  async *attach(_: CallContext, requests: AsyncIterable<runtime.AttachRequest>): AsyncIterable<runtime.AttachResponse> {
    for await (const { input } of requests) {
      this.note();
      if (input?.$case === 'stdin') yield { output: { $case: 'stdout', value: input.value } };
      this.note();
    }
  }

  private async *some(): AsyncGenerator<observe.LogBatch> {
    this.note();
    yield observe.LogBatch.fromPartial({ items: [{ line: 'x'.repeat(10_000) }] });
    this.note();
  }

  private note(): void {
    this.seen.push(surroundings.getStore());
  }
}

let loopback: Loopback;
let noting: Noting;
let contexts: CallContext[];
let stub: backend.ExecutableBackendClientImpl<CallContext>;

beforeEach(async () => {
  noting = new Noting();
  contexts = [];
  const definition = backend.ExecutableBackendService;
  const handlers = bindService(definition, noting, ({ metadata }) => {
    const callId = String(metadata.get('aurae-call-id')[0]);
    const context = callContext({
      callId,
      traceparent: metadata.get('traceparent')[0]?.toString(),
      tracestate: metadata.get('tracestate')[0]?.toString(),
    });
    contexts.push(context);
    return { context, run: (work) => surroundings.run(callId, work), close: () => {} };
  });
  loopback = await Loopback.serve(definition, handlers);
  stub = new backend.ExecutableBackendClientImpl(new GrpcRpc(loopback.client));
});

afterEach(() => loopback[Symbol.dispose]());

it('a call is done in its own surroundings from the first step to the last, however many there are at once', async () => {
  await Promise.all([1, 2, 3].map((number) => stub.exec(callContext({ callId: `c${number}` }), executable)));
  expect(noting.seen.sort()).toEqual(['c1', 'c1', 'c2', 'c2', 'c3', 'c3']);
});

it('so is a stream, through every wait for its reader, and its end', async () => {
  const request = observe.GetWorkloadLogStreamRequest.fromPartial({ tail: 100 });
  for await (const batch of stub.readLog(callContext({ callId: 'c4' }), request)) {
    if (batch.items.length === 1) await setImmediate();
  }
  expect(noting.seen).toHaveLength(301);
  expect(new Set(noting.seen)).toEqual(new Set(['c4']));
});

it('and so is a conversation', async () => {
  async function* words(): AsyncIterable<runtime.AttachRequest> {
    for (const word of ['a', 'b', 'c']) {
      await setImmediate();
      yield { input: { $case: 'stdin', value: Buffer.from(word) } };
    }
  }
  for await (const answer of stub.attach(callContext({ callId: 'c5' }), words())) expect(answer.output).toBeDefined();
  expect(noting.seen).toEqual(Array.from({ length: 6 }, () => 'c5'));
});

it('carries the place in a trace from the caller to the server', async () => {
  await stub.exec(callContext({ traceparent, tracestate: 'vendor=1' }), executable);
  await stub.exec(callContext(), executable);
  expect(contexts[0]).toMatchObject({ traceparent, tracestate: 'vendor=1' });
  expect(contexts[1]).not.toHaveProperty('traceparent');
});

const executable = runtime.Executable.fromPartial({ command: 'x' });
