import type { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  backend,
  bindService,
  type CallContext,
  CancelledError,
  CapabilityNotSupportedError,
  callContext,
  callIdHeader,
  DeadlineExceededError,
  GrpcRpc,
  InternalError,
  InvalidSpecError,
  NotFoundError,
  observe,
  type OpenCall,
  runtime,
  type ServerCall,
} from '../src/index.js';
import { EchoBackend, echoDefinition } from './echo-service.js';
import { Loopback } from './loopback.js';

let loopback: Loopback;
let echo: EchoBackend;
let stub: backend.ExecutableBackendClientImpl<CallContext>;
let closed: { path: string; error: unknown }[];
let onClosed: () => void;

function open(call: ServerCall, { path }: { path: string }): OpenCall {
  const controller = new AbortController();
  (call as EventEmitter).on('cancelled', () => controller.abort(new CancelledError('The caller went away')));
  const callId = String(call.metadata.get(callIdHeader)[0] ?? '');
  return {
    context: { signal: controller.signal, callId, identity: 'tester' },
    close: (error) => {
      closed.push({ path, error });
      onClosed();
    },
  };
}

beforeEach(async () => {
  echo = new EchoBackend();
  closed = [];
  onClosed = () => {};
  loopback = await Loopback.serve(echoDefinition, bindService(echoDefinition, echo, open));
  stub = new backend.ExecutableBackendClientImpl(new GrpcRpc(loopback.client));
});

afterEach(() => loopback[Symbol.dispose]());

describe('a generated interface over gRPC', () => {
  it('answers a unary call, and keeps its call id', async () => {
    const answer = await stub.exec(
      callContext({ callId: 'call-7' }),
      runtime.Executable.fromPartial({ command: 'hi' }),
    );
    expect(answer.stdout).toBe('hi');
    expect(echo.contexts[0]?.callId).toBe('call-7');
    expect(closed).toEqual([{ path: '/backend.ExecutableBackend/Exec', error: undefined }]);
  });

  it('streams every answer in order', async () => {
    const request = observe.GetWorkloadLogStreamRequest.fromPartial({ tail: 5000 });
    const sequences: bigint[] = [];
    for await (const batch of stub.readLog(callContext(), request)) sequences.push(batch.items[0]?.sequence ?? 0n);
    expect(sequences).toHaveLength(5000);
    expect(sequences).toEqual([...sequences].sort((a, b) => Number(a - b)));
  });

  it('streams both ways', async () => {
    async function* requests(): AsyncIterable<runtime.AttachRequest> {
      for (const word of ['a', 'b', 'c']) yield { input: { $case: 'stdin', value: Buffer.from(word) } };
    }
    const received: string[] = [];
    for await (const { output } of stub.attach(callContext(), requests())) {
      received.push(output?.$case === 'stdout' ? Buffer.from(output.value).toString() : String(output?.$case));
    }
    expect(received).toEqual(['a', 'b', 'c', 'ended']);
  });

  it('answers UNIMPLEMENTED for a method that the object leaves out', async () => {
    const call = stub.describe(callContext(), {});
    await expect(call).rejects.toThrow(CapabilityNotSupportedError);
    await expect(call).rejects.toThrow('backend.ExecutableBackend/Describe is not implemented');
  });

  it('passes on an error with its meaning, and hides one that has none', async () => {
    echo.failure = new NotFoundError('There is no executable "web"', { metadata: { name: 'web' } });
    const request = runtime.Executable.fromPartial({ command: 'x' });
    const known = await stub.exec(callContext(), request).catch((error: unknown) => error);
    expect(known).toBeInstanceOf(NotFoundError);
    expect(known).toMatchObject({ message: 'There is no executable "web"', metadata: { name: 'web' } });

    echo.failure = new Error('secret path /srv/key');
    const hidden = await stub.exec(callContext({ callId: 'call-8' }), request).catch((error: unknown) => error);
    expect(hidden).toBeInstanceOf(InternalError);
    expect((hidden as Error).message).not.toContain('secret');
    expect((hidden as Error).message).toContain('call-8');
    expect(closed.at(-1)?.error).toMatchObject({ message: 'secret path /srv/key' });
  });

  it('answers with an error of any size, and the connection lives on', async () => {
    const violations = Array.from({ length: 2000 }, () => ({ field: 'x'.repeat(100_000), description: 'bad' }));
    echo.failure = new InvalidSpecError('ü'.repeat(100_000), violations);
    const request = runtime.Executable.fromPartial({ command: 'x' });
    await expect(stub.exec(callContext(), request)).rejects.toThrow(InvalidSpecError);
    echo.failure = undefined;
    expect((await stub.exec(callContext(), request)).stdout).toBe('x');
  });

  it('understands an error of another copy of this package', async () => {
    const brand = { reason: 'NOT_FOUND', metadata: {}, [Symbol.for('@aurae/proto/AuraeError')]: true };
    echo.failure = Object.assign(new Error('There is no "web"'), brand);
    const failure = stub.exec(callContext(), runtime.Executable.fromPartial({ command: 'x' }));
    await expect(failure).rejects.toThrow(NotFoundError);
  });

  it('cancels the call on the server when the signal aborts', async () => {
    const controller = new AbortController();
    const call = stub.exec(
      callContext({ signal: controller.signal }),
      runtime.Executable.fromPartial({ command: 'hang' }),
    );
    const ended = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    const failure = expect(call).rejects.toThrow(CancelledError);
    while (echo.contexts.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await failure;
    await ended;
    expect(echo.aborted[0]).toBeInstanceOf(CancelledError);
  });

  it('makes no call with a signal that has aborted already', async () => {
    const call = stub.exec(callContext({ signal: AbortSignal.abort() }), runtime.Executable.fromPartial({}));
    await expect(call).rejects.toThrow();
    expect(echo.contexts).toHaveLength(0);
  });

  it('ends at the deadline', async () => {
    const call = stub.exec(callContext({ timeoutMs: 50 }), runtime.Executable.fromPartial({ command: 'hang' }));
    await expect(call).rejects.toThrow(DeadlineExceededError);
  });

  it('ends the call on the server when the reader of a stream leaves early', async () => {
    const ended = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    const request = observe.GetWorkloadLogStreamRequest.fromPartial({ tail: 3, follow: true });
    for await (const batch of stub.readLog(callContext(), request)) {
      if (batch.items[0]?.sequence === 2n) break;
    }
    await ended;
    expect(closed[0]?.error).toBeInstanceOf(CancelledError);
  });

  it('goes at the pace of a slow reader', async () => {
    const request = observe.GetWorkloadLogStreamRequest.fromPartial({ tail: 100_000 });
    const reader = stub.readLog(callContext(), request)[Symbol.asyncIterator]();
    await reader.next();
    // Nobody reads on: the producer stops once the windows and buffers between the two are full.
    let before: number;
    do {
      before = echo.produced;
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (echo.produced !== before);
    expect(echo.produced).toBeLessThan(5_000);
    await reader.return?.();
  });
});
