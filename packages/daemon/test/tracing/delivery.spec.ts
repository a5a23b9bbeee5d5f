import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTracing } from '../../src/tracing/open-tracing.js';
import { OtlpSpanExporter, type OtlpSpanExporterOptions } from '../../src/tracing/otlp-span-exporter.js';
import { startTracing } from '../../src/tracing/start-tracing.js';
import { noTracing, type Tracing } from '../../src/tracing/tracing.js';
import { keptLog } from '../logging/log-lines.js';
import { OtlpReceiver } from './otlp-receiver.js';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
});
afterEach(async () => {
  await receiver.abandoned();
  await receiver[Symbol.asyncDispose]();
});

const { log, lines } = keptLog();
beforeEach(() => void (lines.length = 0));

const facts = { version: '1.2.3', node: 'node-1', sampleRatio: 1, headers: {}, lingerMs: 5, log };

function record(tracing: Tracing, calls = 1): void {
  const call = { method: 'runtime.Runtime/Exec', callId: 'c-1', identity: 'alice', workload: undefined };
  for (let number = 0; number < calls; number++) tracing.call(call, {}).end();
}

function someSpans(count: number): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }).getTracer(
    'test',
  );
  for (let number = 0; number < count; number++) tracer.startSpan(`span ${number}`).end();
  return memory.getFinishedSpans();
}

/** An exporter, and a way to send a batch with it: true when it was delivered. */
function exporting(options: Partial<OtlpSpanExporterOptions> = {}) {
  const url = new URL(`${receiver.endpoint}/v1/traces`);
  const exporter = new OtlpSpanExporter({ url, headers: {}, log, firstPauseMs: 1, patienceMs: 500, ...options });
  const send = (spans = 1): Promise<boolean> =>
    new Promise((resolve) => exporter.export(someSpans(spans), ({ code }) => resolve(code === 0)));
  return { exporter, send };
}

describe('a collector', () => {
  it('gets what the configuration says, where the protocol wants it', async () => {
    const headers = { 'x-team': 'blue', authorization: 'Bearer hunter2hunter2' };
    const config = { endpoint: `${receiver.endpoint}/base/`, headers, sample_ratio: 1 };
    const tracing = await openTracing(config, facts, log);
    record(tracing);
    await tracing[Symbol.asyncDispose]();
    await tracing[Symbol.asyncDispose]();
    expect(receiver.requests).toEqual([
      { path: '/base/v1/traces', headers: expect.objectContaining({ ...headers, 'content-type': 'application/json' }) },
    ]);
    expect(receiver.spans).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('that is named with the whole path is asked at that path', async () => {
    const tracing = startTracing({ ...facts, endpoint: `${receiver.endpoint}/v1/traces` });
    record(tracing);
    await tracing[Symbol.asyncDispose]();
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
  });

  it('that is not configured costs nothing', async () => {
    expect(await openTracing({ endpoint: undefined, headers: {}, sample_ratio: 1 }, facts, log)).toBe(noTracing);
  });

  it('that is gone and comes back costs what was lost meanwhile, and two lines of the log', async () => {
    const { port } = receiver;
    const url = new URL(`http://user:hunter2@127.0.0.1:${port}/v1/traces?token=hunter2`);
    const { exporter, send } = exporting({ url, patienceMs: 5 });
    await receiver[Symbol.asyncDispose]();
    expect([await send(3), await send(4)]).toEqual([false, false]);
    receiver = await OtlpReceiver.start(port);
    expect([await send(), await send()]).toEqual([true, true]);
    expect(lines.map(({ level, line, fields }) => [level, line, fields])).toEqual([
      [
        'warn',
        'Cannot deliver traces: they are dropped until it works again',
        { endpoint: `http://127.0.0.1:${port}/v1/traces`, reason: expect.stringContaining('ECONNREFUSED') },
      ],
      ['info', 'Traces are delivered again', { lostSpans: 7 }],
    ]);
    exporter.close();
  });

  it.each([429, 502, 503, 504])(
    'that answers %d for a while gets the same spans again, and nobody hears of it',
    async (status) => {
      receiver.behaviours = [{ status }, { status }];
      const { exporter, send } = exporting();
      expect(await send()).toBe(true);
      expect([receiver.requests.length, receiver.spans.length]).toEqual([3, 1]);
      expect(lines).toEqual([]);
      exporter.close();
    },
  );

  it('that says when it wants to be asked again is asked then, and not in vain before the end of patience', async () => {
    receiver.behaviours = [{ status: 503, headers: { 'retry-after': '1' } }];
    const { exporter, send } = exporting();
    expect(await send()).toBe(false);
    expect(receiver.requests).toHaveLength(1);
    exporter.close();
  });

  it.each([400, 401, 404, 500])(
    'that answers %d is not asked again, and the log says what it has said',
    async (status) => {
      receiver.behaviours = [{ status, body: 'no such tenant' }];
      const { exporter, send } = exporting();
      expect(await send()).toBe(false);
      expect(receiver.requests).toHaveLength(1);
      expect(lines[0]?.fields['reason']).toBe(`the collector answers ${status}: no such tenant`);
      exporter.close();
    },
  );

  it('that takes a part and refuses the rest is told in the log', async () => {
    const body = JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } });
    receiver.behaviours = [{ status: 200, body }];
    const { exporter, send } = exporting();
    await send(3);
    expect(lines[0]?.fields['reason']).toBe('the collector refuses 2 spans: too old');
    exporter.close();
  });

  it('that does not answer is given up and asked anew', async () => {
    receiver.behaviours = ['hang'];
    const { exporter, send } = exporting({ attemptMs: 50 });
    expect(await send()).toBe(true);
    expect(receiver.requests).toHaveLength(2);
    exporter.close();
  });

  it('that answers without end is given up', async () => {
    receiver.behaviours = [{ status: 400, body: 'x'.repeat(4_000_000) }];
    const { exporter, send } = exporting({ patienceMs: 1 });
    expect(await send()).toBe(false);
    expect(JSON.stringify(lines).length).toBeLessThan(2_000);
    exporter.close();
  });
});

describe('the end', () => {
  it('waits for what is on its way, and sends what waits', async () => {
    let answer = (): void => {};
    receiver.behaviours = [new Promise<void>((resolve) => (answer = resolve))];
    const tracing = startTracing({ ...facts, endpoint: receiver.endpoint });
    record(tracing);
    await receiver.until(() => receiver.requests.length === 1);
    record(tracing);
    const end = tracing[Symbol.asyncDispose]();
    await receiver.until(() => receiver.requests.length === 2);
    answer();
    await end;
    expect(receiver.spans).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('waits two seconds for a collector that does not answer, and no longer', async () => {
    receiver.behaviours = ['hang', 'hang'];
    const tracing = startTracing({ ...facts, endpoint: receiver.endpoint });
    record(tracing);
    await receiver.until(() => receiver.requests.length === 1);
    record(tracing);
    const begun = performance.now();
    await tracing[Symbol.asyncDispose]();
    expect(performance.now() - begun).toBeGreaterThan(1_500);
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it('does not wait for a collector that is not there', async () => {
    const { endpoint, port } = receiver;
    await receiver[Symbol.asyncDispose]();
    const tracing = startTracing({ ...facts, endpoint });
    record(tracing);
    const begun = performance.now();
    await tracing[Symbol.asyncDispose]();
    expect(performance.now() - begun).toBeLessThan(1_500);
    receiver = await OtlpReceiver.start(port);
  });
});

it('spans that nobody takes are dropped, beyond some thousands of them', async () => {
  receiver.behaviours = ['hang'];
  const tracing = startTracing({ ...facts, endpoint: receiver.endpoint });
  record(tracing, 300);
  await receiver.until(() => receiver.requests.length === 1);
  record(tracing, 20_000);
  await tracing[Symbol.asyncDispose]();
  expect(receiver.spans.length).toBeGreaterThan(4_000);
  expect(receiver.spans.length).toBeLessThan(5_000);
});
