import { callContext, type observe, runtime } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OtlpReceiver } from '../tracing/otlp-receiver.js';
import { DaemonFixture } from './daemon-fixture.js';
import { daemonLogRequest } from './daemon-log-request.js';

let fixture: DaemonFixture;
let receiver: OtlpReceiver;
beforeEach(async () => {
  fixture = new DaemonFixture();
  receiver = await OtlpReceiver.start();
});
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
  await receiver.abandoned();
  await receiver[Symbol.asyncDispose]();
});

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const admin = 'spiffe://unsafe.aurae.io/client/admin';
const hello = runtime.Executable.fromPartial({ command: 'hello' });

async function logOf(client: ReturnType<DaemonFixture['client']>): Promise<observe.LogItem[]> {
  const items: observe.LogItem[] = [];
  const request = daemonLogRequest({ backlogOnly: true, tail: 0 });
  for await (const item of client.observe.getAuraeDaemonLogStream(callContext(), request)) items.push(item);
  return items;
}

describe('a daemon with a collector of traces', () => {
  it('sends it the tree of each call, with the last of it at its end', async () => {
    const daemon = await fixture.start(`[tracing]\nendpoint = "${receiver.endpoint}"\nheaders = { x-team = "blue" }`);
    await fixture.client(daemon).runtime.exec(callContext({ traceparent, callId: 'c-1' }), hello);
    await daemon.stop();
    const call = await receiver.span('runtime.Runtime/Exec');
    expect(call).toMatchObject({ traceId: traceparent.split('-')[1], parentSpanId: traceparent.split('-')[2] });
    expect(call.attributes).toMatchObject({ 'aurae.call_id': 'c-1', 'aurae.identity': admin });
    expect(await receiver.span('run hello')).toMatchObject({ traceId: call.traceId, parentSpanId: call.spanId });
    expect(receiver.requests[0]?.headers).toMatchObject({ 'x-team': 'blue' });
  });

  it('does not wait for it', async () => {
    const daemon = await fixture.start(`[tracing]\nendpoint = "http://127.0.0.1:1"`);
    const { stdout } = await fixture.client(daemon).runtime.exec(callContext(), hello);
    expect(stdout).toBe('ran hello');
  });
});

describe('the log of a daemon', () => {
  it('tells with each line of a call its id, who has called, and what', async () => {
    const client = fixture.client(await fixture.start('log.level = "debug"'));
    await client.runtime.exec(callContext({ callId: 'c-1' }), hello);
    const served = (await logOf(client)).find(({ line }) => line === 'Call served');
    expect(JSON.parse(served?.fieldsJson ?? '')).toMatchObject({
      callId: 'c-1',
      identity: admin,
      method: 'runtime.Runtime/Exec',
    });
  });

  it('has levels for its components, which can be changed while it runs', async () => {
    const client = fixture.client(await fixture.start('log.levels = { call = "debug" }'));
    await client.runtime.exec(callContext({ callId: 'c-1' }), hello);
    const levels = await client.observe.logLevelSet(callContext(), { component: 'call', level: 'error' });
    expect(levels.components).toContainEqual({ component: 'call', level: 'error', isOwn: true });
    await client.runtime.exec(callContext({ callId: 'c-2' }), hello);
    const lines = await logOf(client);
    expect(lines.filter(({ channel, fieldsJson }) => channel === 'call' && /"c-[12]"/.test(fieldsJson))).toHaveLength(
      1,
    );
    const change = lines.find(({ line }) => line === 'A level of the log was changed');
    expect(JSON.parse(change?.fieldsJson ?? '')).toMatchObject({ of: 'call', before: 'debug', identity: admin });
    expect(await client.observe.logLevelShow(callContext(), {})).toEqual(levels);
  });
});
