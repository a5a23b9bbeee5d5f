import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { journaldLogSinkRegistration, syslogLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, meta, UnavailableError } from '@aurae/proto';
import { afterEach, expect, it, vi } from 'vitest';
import { DatagramReceiver } from './fixtures/datagram-receiver.js';
import { MadeSinks } from './fixtures/made-sinks.js';
import { numbered } from './fixtures/workload-records.js';

// As on a machine where the optional dependency was left out.
vi.mock('koffi', () => {
  throw new Error("Cannot find package 'koffi'");
});

const sinks = new MadeSinks();
let receiver: DatagramReceiver | undefined;
afterEach(() => receiver?.[Symbol.asyncDispose]());

it('without koffi, what needs datagrams says how to get it, and the rest of syslog works', async () => {
  const path = join(sinks.directory, 'socket');
  receiver = await DatagramReceiver.listen(path);
  const journald = await sinks.make(journaldLogSinkRegistration, { socket: path });
  const syslog = await sinks.make(syslogLogSinkRegistration, { address: `unix:${path}` });
  for (const sink of [journald, syslog]) {
    const failure = await sink.write(callContext(), { records: numbered(1, 1) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(String(failure)).toContain('npm i koffi');
    expect((await sink.describe(callContext(), {})).health).toMatchObject({
      state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
      reason: expect.stringContaining('koffi cannot be loaded'),
    });
  }
  const server = createSocket('udp4');
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const udp = await sinks.make(syslogLogSinkRegistration, { address: `udp:127.0.0.1:${server.address().port}` });
  await udp.write(callContext(), { records: numbered(1, 1) });
  server.close();
});
