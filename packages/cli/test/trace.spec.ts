import { bindService, observe } from '@aurae/proto';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCli } from './support/run-cli.js';

test('calls are part of the trace that the environment tells of', async () => {
  await using root = await TestRoot.make();
  const traces: unknown[] = [];
  const server = new Server();
  const methods = { status: async () => observe.StatusResponse.fromPartial({ version: '1.0.0' }) };
  const service = bindService(observe.ObserveService, methods, (call) => {
    traces.push(call.metadata.get('traceparent'), call.metadata.get('tracestate'));
    const context = { signal: new AbortController().signal, callId: 'test', identity: 'test' };
    return { context, close: () => {} };
  });
  server.addService(observe.ObserveService, service);
  const { pki } = root;
  const keyPair = { private_key: Buffer.from(pki.server.keyPem), cert_chain: Buffer.from(pki.server.pem) };
  const credentials = ServerCredentials.createSsl(Buffer.from(pki.authority.pem), [keyPair], true);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${root.socket}`, credentials, (error) => (error ? reject(error) : resolve()));
  });
  try {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const variables = { TRACEPARENT: traceparent, TRACESTATE: 'vendor=value' };
    expect((await runCli(['status', '--root', root.dir], variables)).code).toBe(0);
    expect((await runCli(['status', '--root', root.dir], { TRACEPARENT: 'nonsense' })).code).toBe(0);
    expect(traces).toEqual([[traceparent], ['vendor=value'], [], []]);
  } finally {
    server.forceShutdown();
  }
});
