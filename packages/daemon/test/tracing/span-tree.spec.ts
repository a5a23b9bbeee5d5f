import { callContext, InvalidSpecError, meta, parseTraceparent, type runtime } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';
import { outputOf, startRequest, TracedNode, type TracingConfig } from './traced-node.js';

const caller = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const callerTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';
const unsampled = caller.replace(/01$/, '00');
const printPlace = 'echo $TRACEPARENT; echo ${TRACESTATE:-none}';

let receiver: OtlpReceiver;
let node: TracedNode;

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await receiver.abandoned();
  await receiver[Symbol.asyncDispose]();
});

async function boot(config: Omit<TracingConfig, 'endpoint'> = {}): Promise<TracedNode> {
  node = await TracedNode.start({ endpoint: receiver.endpoint, ...config });
  return node;
}

function placeOf({ traceId, spanId }: ReceivedSpan) {
  return { traceId, spanId, isSampled: true };
}

async function exec(command: string, more: Parameters<typeof callContext>[0] = {}): Promise<runtime.ExecutableStatus> {
  return await node.runtime.exec(callContext(more), startRequest('', command));
}

describe('a command that somebody waits for', () => {
  it('is a span below that of its call, which is below that of the caller; and knows where it is', async () => {
    await boot();
    const { stdout } = await exec(printPlace, { traceparent: caller, tracestate: 'vendor=1', callId: 'c-1' });
    const call = await receiver.span('runtime.Runtime/Exec');
    const run = await receiver.span('run echo …');
    expect(call).toMatchObject({ traceId: callerTrace, parentSpanId: callerSpan, kind: 2 });
    expect(run).toMatchObject({ traceId: callerTrace, parentSpanId: call.spanId });
    const [place = '', state] = stdout.split('\n');
    expect(parseTraceparent(place)).toEqual(placeOf(run));
    expect(state).toBe('vendor=1');
    expect(call.attributes).toMatchObject({
      'rpc.system': 'grpc',
      'rpc.service': 'runtime.Runtime',
      'rpc.method': 'Exec',
      'rpc.grpc.status_code': 0,
      'aurae.call_id': 'c-1',
      'aurae.identity': 'spiffe://node/alice',
    });
    expect(run.attributes).toMatchObject({ 'process.exit.code': 0, 'process.pid': expect.any(Number) });
    expect(call.resource).toMatchObject({
      'service.name': 'auraed',
      'service.version': '1.2.3',
      'host.name': 'node-1',
    });
  });

  it('tells how it ended, and its call has worked all the same', async () => {
    await boot();
    await exec('kill -9 $$');
    const run = await receiver.span('run kill …');
    expect(run.attributes).toMatchObject({ 'process.exit.code': 137, 'aurae.exit.signal': 9 });
    expect(run.status).toEqual({ code: 2, message: 'ended by signal 9' });
    expect((await receiver.span('runtime.Runtime/Exec')).status.code).toBe(0);
  });

  it('says in the log, too, of which trace it is', async () => {
    await boot();
    await exec('true', { traceparent: caller });
    await receiver.span('runtime.Runtime/Exec');
    expect(node.lines.find(({ line }) => line === 'Call served')?.fields).toMatchObject({ traceId: callerTrace });
  });

  it('keeps the place that the request gives it', async () => {
    await boot();
    const request = startRequest('', printPlace, { env: { TRACEPARENT: 'mine' } });
    expect((await node.runtime.exec(callContext({ traceparent: caller }), request)).stdout).toBe('mine\nnone\n');
  });

  it('is told of a call that is refused, as of a fault of the caller', async () => {
    await boot();
    await expect(exec('')).rejects.toThrow(InvalidSpecError);
    const call = await receiver.span('runtime.Runtime/Exec');
    expect(call.attributes).toMatchObject({ 'rpc.grpc.status_code': 3 });
    expect(call.status.code).toBe(0);
  });
});

describe('a workload', () => {
  it('is one tree from its call to its exit, also where the exit comes much later', async () => {
    await boot();
    const context = callContext({ traceparent: caller });
    await node.runtime.executableStart(
      context,
      startRequest('web', `${printPlace}; read line; exit 3`, { stdin: true }),
    );
    const call = await receiver.span('runtime.Runtime/ExecutableStart');
    const start = await receiver.span('start web');
    expect(receiver.spans.map(({ name }) => name)).not.toContain('run web');
    await closeInput('web');
    const run = await receiver.span('run web');
    expect(call).toMatchObject({ parentSpanId: callerSpan, attributes: { 'aurae.workload': 'executable/web' } });
    expect(start).toMatchObject({ traceId: callerTrace, parentSpanId: call.spanId });
    expect(run).toMatchObject({ traceId: callerTrace, parentSpanId: start.spanId });
    expect(run.attributes).toMatchObject({ 'aurae.workload': 'executable/web', 'process.exit.code': 3 });
    expect(run.status).toEqual({ code: 2, message: 'exited with 3' });
    expect(run.endMs).toBeGreaterThanOrEqual(start.endMs);
    expect(parseTraceparent((await outputOf(node, 'web'))[0] ?? '')).toEqual(placeOf(run));
  });

  it('that is stopped has ended as it should', async () => {
    await boot();
    await node.runtime.executableStart(callContext(), startRequest('web', 'sleep 1000'));
    await node.runtime.executableStop(callContext(), {
      meta: { name: 'web', message: '' },
      signal: '',
      gracePeriodMs: 0,
    });
    const run = await receiver.span('run web');
    expect(run).toMatchObject({
      status: { code: 0 },
      attributes: { 'aurae.exit.stopped': true, 'aurae.exit.signal': 15 },
    });
  });

  it('that is over at once has its span, too', async () => {
    await boot();
    await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        node.runtime.executableStart(callContext(), startRequest(`w${number}`, 'true')),
      ),
    );
    const runs = await Promise.all(Array.from({ length: 8 }, (_, number) => receiver.span(`run w${number}`)));
    expect(runs.map(({ attributes }) => attributes['process.exit.code'])).toEqual(runs.map(() => 0));
  });

  it('that cannot be started has a start that failed, and no run', async () => {
    await boot();
    await node.runtime.executableStart(callContext(), startRequest('web', '/no/such/program')).catch(() => undefined);
    expect((await receiver.span('start web')).status.code).toBe(2);
    await node.shutDown();
    expect(receiver.spans.map(({ name }) => name)).not.toContain('run web');
  });

  it('has a span for each of its runs when it is started again', async () => {
    await boot();
    const restart = { mode: 1, maxRestarts: 2, firstPauseMs: 1 };
    await node.runtime.executableStart(callContext(), startRequest('web', 'exit 1', { restart }));
    const runs = () => receiver.spans.filter(({ name }) => name === 'run web');
    await receiver.until(() => runs().length === 3);
    const start = await receiver.span('start web');
    expect(new Set(runs().map(({ spanId }) => spanId)).size).toBe(3);
    expect(new Set(runs().map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([start.spanId]));
  });

  it('outlives the daemon, and so does its span', async () => {
    await boot();
    const request = startRequest('web', `${printPlace}; read line; exit 4`, { stdin: true });
    await node.runtime.executableStart(callContext({ traceparent: caller }), request);
    const start = await receiver.span('start web');
    await node.boot({ endpoint: receiver.endpoint });
    expect(receiver.spans.map(({ name }) => name)).not.toContain('run web');
    await closeInput('web');
    const run = await receiver.span('run web');
    expect(run).toMatchObject({ traceId: callerTrace, parentSpanId: start.spanId });
    expect(run.attributes).toMatchObject({ 'process.exit.code': 4 });
    expect(run.startMs).toBeLessThanOrEqual(start.endMs);
    expect(parseTraceparent((await outputOf(node, 'web'))[0] ?? '')).toEqual(placeOf(run));
  });

  it('that nobody has called for is a tree of its own', async () => {
    await boot();
    await node.backend.start(callContext(), startRequest('web', 'true'));
    const start = await receiver.span('start web');
    expect(start.parentSpanId).toBe('');
    expect(await receiver.span('run web')).toMatchObject({ traceId: start.traceId, parentSpanId: start.spanId });
  });

  it('shows a label that a later daemon needs, and nothing in the place of a label that was given', async () => {
    await boot();
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, number) => [`l${number}`, 'x']));
    await node.runtime.executableStart(callContext(), startRequest('many', 'sleep 1000', { labels }));
    await node.runtime.executableStart(callContext(), startRequest('few', 'sleep 1000', { labels: { mine: 'yes' } }));
    const { executables } = await node.runtime.executableList(callContext(), { meta: undefined, all: false });
    const labelsOf = (name: string) => executables.find((each) => each.meta?.name === name)?.executable?.labels ?? {};
    expect(labelsOf('many')).toEqual(labels);
    expect(Object.keys(labelsOf('few'))).toEqual(['mine', 'aurae.trace']);
  });
});

describe('what is recorded', () => {
  it('is what the caller wants, else as many as the ratio says', async () => {
    await boot({ sampleRatio: 0 });
    expect((await exec(printPlace)).stdout).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00\nnone\n$/);
    expect((await exec(printPlace, { traceparent: unsampled })).stdout).toMatch(/^00-4bf92f35.*-00\n/);
    await node.runtime.executableStart(callContext(), startRequest('web', 'true'));
    await exec('true', { traceparent: caller });
    await node.shutDown();
    expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['run true', 'runtime.Runtime/Exec']);
  });

  it('is nothing without an endpoint; the place of the caller is passed on all the same', async () => {
    node = await TracedNode.start({});
    expect((await exec(printPlace, { traceparent: caller, tracestate: 'vendor=1' })).stdout).toBe(
      `${caller}\nvendor=1\n`,
    );
    expect((await exec(printPlace)).stdout).toBe('\nnone\n');
    await node.runtime.executableStart(callContext({ traceparent: caller }), startRequest('web', printPlace));
    expect(await outputOf(node, 'web')).toEqual([caller, 'none']);
    expect((await attached(printPlace, caller)).split('\n')[0]).toBe(caller);
    expect(receiver.requests).toEqual([]);
  });

  it('tells of the command of a conversation as of one of Exec', async () => {
    await boot();
    const place = parseTraceparent((await attached(`${printPlace}; exit 3`, caller)).split('\n')[0] ?? '');
    const call = await receiver.span('runtime.Runtime/Attach');
    const run = await receiver.span('run echo …');
    expect(place).toEqual(placeOf(run));
    expect(run.parentSpanId).toBe(call.spanId);
    expect(run.attributes).toMatchObject({ 'process.exit.code': 3 });
  });
});

async function attached(command: string, traceparent: string): Promise<string> {
  async function* requests(): AsyncIterable<runtime.AttachRequest> {
    const target = { $case: 'executable' as const, value: startRequest('', command) };
    yield { input: { $case: 'open', value: { target, argv: [], stdin: false, terminal: undefined } } };
  }
  let text = '';
  for await (const { output } of node.runtime.attach(callContext({ traceparent }), requests())) {
    if (output?.$case === 'stdout') text += Buffer.from(output.value).toString();
  }
  return text;
}

/** Ends a workload that reads. */
async function closeInput(name: string): Promise<void> {
  async function* requests(): AsyncIterable<runtime.AttachRequest> {
    const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
    const target = { $case: 'workload' as const, value: workload };
    yield { input: { $case: 'open', value: { target, argv: [], stdin: true, terminal: undefined } } };
    yield { input: { $case: 'stdin', value: Buffer.from('\n') } };
  }
  for await (const { output } of node.backend.attach(callContext(), requests())) if (output?.$case === 'ended') return;
}
