import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { syslogLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, meta, UnavailableError } from '@aurae/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { record } from '../fixtures/records.js';
import { DatagramReceiver } from './fixtures/datagram-receiver.js';
import { MadeSinks, type MadeSink, optionFaults } from './fixtures/made-sinks.js';
import { hasRsyslog, Rsyslog } from './fixtures/rsyslog.js';
import { numbered, web } from './fixtures/workload-records.js';

const sinks = new MadeSinks();
const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of owned.splice(0)) await one[Symbol.asyncDispose]();
});
const make = (options: Readonly<Record<string, unknown>>) => sinks.make(syslogLogSinkRegistration, options);
const write = (sink: MadeSink, first: number, count: number, text = '') =>
  sink.write(callContext(), { records: numbered(first, count, text) });
const socketPath = () => join(sinks.directory, 'log');

/** Ports that are free now. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

describe.skipIf(!hasRsyslog && process.env['CI'] === undefined)('rsyslog', () => {
  const transports = {
    unix: async () => ({
      address: `unix:${socketPath()}`,
      inputs: `module(load="imuxsock" SysSock.Use="off") input(type="imuxsock" Socket="${socketPath()}" UseSpecialParser="off" ParseHostname="on" IgnoreTimestamp="off" UseSysTimeStamp="off" RateLimit.Interval="0")`,
    }),
    'unix stream': async () => ({
      address: `unix:${socketPath()}`,
      inputs: `module(load="imptcp") input(type="imptcp" path="${socketPath()}")`,
    }),
    udp: async () => {
      const port = await freePort();
      const inputs = `module(load="imudp") input(type="imudp" address="127.0.0.1" port="${port}")`;
      return { address: `udp:127.0.0.1:${port}`, inputs };
    },
    tcp: async () => {
      const port = await freePort();
      const inputs = `module(load="imtcp") input(type="imtcp" address="127.0.0.1" port="${port}")`;
      return { address: `tcp:localhost:${port}`, inputs };
    },
    'tcp with newlines': async () => {
      const port = await freePort();
      const inputs = `module(load="imtcp") input(type="imtcp" address="127.0.0.1" port="${port}" SupportOctetCountedFraming="off")`;
      return { address: `tcp:127.0.0.1:${port}`, inputs, framing: 'newline' };
    },
  };

  async function started(transport: keyof typeof transports) {
    const { inputs, ...options } = await transports[transport]();
    const server = new Rsyslog(sinks.directory, inputs);
    owned.push(server);
    return { server, sink: await make({ ...options, facility: 'local3', hostname: 'node-7' }) };
  }

  it.each(Object.keys(transports) as (keyof typeof transports)[])('understands what comes by %s', async (transport) => {
    const { server, sink } = await started(transport);
    await server.start();
    const records = [
      record({ line: 'plain', channel: 'stdout', level: '', sequence: 41n, timestamp: 1_700_000_000_123n }, web),
      record(
        { line: 'é "q" ]\nnext\u001b[2J', channel: 'stderr', level: '', dropped: 2n },
        { ...web, name: 'a"b]\\é\n' },
      ),
      record({ line: 'Slow', channel: 'api', level: 'warn', sequence: 7n, fieldsJson: '{"ms":12}' }),
      record({ line: `${'long '.repeat(10_000)}`, channel: 'stdout', level: '', partial: true }, web),
    ];
    await sink.write(callContext(), { records });
    await expect.poll(() => server.received().length, { timeout: 10_000 }).toBe(4);
    const [plain, odd, daemon, long] = server.received();
    expect(plain).toEqual({
      pri: `${19 * 8 + 6}`,
      time: expect.stringContaining('2023-11-14T22:13:20.123'),
      host: 'node-7',
      app: 'web',
      msgid: 'stdout',
      data: '[aurae@32473 sequence="41" kind="executable" workload="web" channel="stdout"]',
      msg: 'plain',
    });
    expect(odd).toMatchObject({ pri: `${19 * 8 + 3}`, app: 'a"b]\\__' });
    expect(odd?.data).toContain('workload="a\\"b\\]\\\\é "');
    expect(odd?.msg.replace('\ufeff', '')).toBe('é "q" ]#012next#033[2J');
    expect(daemon).toMatchObject({ pri: `${19 * 8 + 4}`, app: 'auraed', msgid: 'api', msg: 'Slow {"ms":12}' });
    expect(long?.msg).toMatch(/^\ufefflong long .*… \(cut: the line has 50000 bytes\)$/);
    expect(Buffer.byteLength(long?.msg ?? '')).toBeGreaterThan(7800);
  });

  it.each(['unix', 'unix stream', 'tcp'] as const)('gets everything by %s, in order', async (transport) => {
    const { server, sink } = await started(transport);
    await server.start();
    for (let batch = 0; batch < 5; batch++) await write(sink, batch * 1000 + 1, 1000);
    await sink.flush(callContext(), {});
    await expect.poll(() => server.received().length, { timeout: 20_000 }).toBe(5000);
    expect(server.received().map(({ msg }) => Number(msg))).toEqual(
      Array.from({ length: 5000 }, (_, index) => index + 1),
    );
  });

  it.each(['unix', 'unix stream', 'udp', 'tcp'] as const)('is reached by %s again after it died', async (transport) => {
    const { server, sink } = await started(transport);
    // UDP tells that nobody listens with the datagram after.
    await expect(write(sink, 1, 2)).rejects.toThrow(UnavailableError);
    expect((await sink.describe(callContext(), {})).health).toMatchObject({
      state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
      reason: expect.stringMatching(/ECONNREFUSED|ENOENT/),
    });
    await server.start();
    await write(sink, 1, 2);
    await expect.poll(() => server.received().length).toBe(2);
    await server.kill();
    await expect
      .poll(() =>
        write(sink, 3, 2).then(
          () => 'accepted',
          (error: Error) => error.constructor.name,
        ),
      )
      .toBe('UnavailableError');
    if (transport === 'unix stream') await rm(socketPath(), { force: true });
    await server.start();
    await write(sink, 5, 2);
    await expect.poll(() => server.received().map(({ msg }) => msg)).toEqual(expect.arrayContaining(['5', '6']));
    expect((await sink.describe(callContext(), {})).health?.state).toBe(meta.HealthState.HEALTH_STATE_SERVING);
  });
});

describe('a server that does not read', () => {
  it('at a datagram socket is waited for, without doubling what it has', async () => {
    const receiver = await DatagramReceiver.listen(socketPath(), 'count');
    owned.push(receiver);
    const sink = await make({ address: `unix:${socketPath()}` });
    const records = numbered(1, 100);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(sink.write(callContext({ signal: AbortSignal.timeout(100) }), { records })).rejects.toThrow();
      receiver.receive(10);
      await expect.poll(() => receiver.datagrams.length).toBe(10 * (attempt + 1));
    }
    receiver.receive(70);
    await sink.write(callContext(), { records });
    await expect.poll(() => receiver.datagrams.length).toBe(100);
    const lines = receiver.datagrams.map((datagram) => Number(datagram.toString().split(' ').at(-1)));
    expect(lines).toEqual(records.map(({ item }) => Number(item?.line)));
  });

  it('at a datagram socket is let go when the sink is disposed', async () => {
    owned.push(await DatagramReceiver.listen(socketPath(), 'count'));
    const sink = await make({ address: `unix:${socketPath()}` });
    const stuck = expect(write(sink, 1, 1000)).rejects.toThrow(UnavailableError);
    await sink[Symbol.asyncDispose]?.();
    await stuck;
    await expect(write(sink, 1, 1)).rejects.toThrow(/is closed/);
  });

  describe('over TCP', () => {
    let server: Server;
    const connections: Socket[] = [];
    afterEach(() => {
      for (const connection of connections.splice(0)) connection.destroy();
      server.close();
    });

    async function listening(): Promise<string> {
      server = createServer({ pauseOnConnect: true }, (connection) => connections.push(connection)).listen(
        0,
        '127.0.0.1',
      );
      await once(server, 'listening');
      return `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    it('gets the batch once, although its writer gave up meanwhile', async () => {
      const sink = await make({ address: await listening() });
      const records = numbered(1, 2000, 'x'.repeat(8000));
      const attempt = () => sink.write(callContext({ signal: AbortSignal.timeout(150) }), { records });
      await expect(attempt()).rejects.toThrow();
      await expect(attempt()).rejects.toThrow();
      let received = '';
      connections[0]
        ?.setEncoding('utf8')
        .on('data', (text: string) => (received += text))
        .resume();
      await sink.write(callContext(), { records });
      await expect.poll(() => received.match(/sequence="2000"/)).not.toBeNull();
      expect(received.match(/sequence="\d+"/g)?.length).toBe(2000);
      expect(connections).toHaveLength(1);
    });

    it('is let go when the sink is disposed', async () => {
      const sink = await make({ address: await listening() });
      const stuck = expect(write(sink, 1, 2000, 'x'.repeat(8000))).rejects.toThrow(UnavailableError);
      await sink[Symbol.asyncDispose]?.();
      await stuck;
      await expect(write(sink, 1, 1)).rejects.toThrow(/is closed/);
    });
  });
});

it('a path where there is no socket, a host without a name and a closed port are unavailable', async () => {
  for (const address of ['unix:/nowhere/log', 'udp:no-such-host.invalid:514', `tcp:127.0.0.1:${await freePort()}`]) {
    const sink = await make({ address });
    await expect(write(sink, 1, 1)).rejects.toThrow(UnavailableError);
    expect((await sink.describe(callContext(), {})).details).toMatchObject({ address, failedWrites: '1' });
  }
});

it('reaches IPv6 addresses', async (context) => {
  const receiver = createSocket('udp6');
  const isThere = await new Promise<boolean>((resolve) => {
    receiver.once('error', () => resolve(false));
    receiver.bind(0, '::1', () => resolve(true));
  });
  if (!isThere) {
    receiver.close();
    return context.skip('this host has no IPv6');
  }
  const received = once(receiver, 'message');
  await write(await make({ address: `udp:[::1]:${receiver.address().port}`, byte_order_mark: false }), 1, 1, ' é');
  expect(String((await received)[0])).toMatch(/^<30>1 .* web - stdout \[aurae@32473 .*\] 1 é$/);
  receiver.close();
});

it.each([
  [{ address: '/dev/log' }, 'address: "unix:/dev/log", "udp:host:port" or "tcp:host:port"'],
  [{ address: `unix:/${'x'.repeat(107)}` }, 'address'],
  [{ address: 'tcp:host' }, 'address'],
  [{ address: 'tcp:host:99999' }, 'address'],
  [{ address: 'tls:host:1' }, 'address'],
  [{ facility: 'local9' }, 'facility'],
  [{ app_name: 'a b' }, 'app_name: 1 to 48 visible ASCII characters'],
  [{ max_message_bytes: 100 }, 'max_message_bytes'],
  [{ severity: 'info' }, 'severity'],
])('refuses %o', async (given, expected) => {
  expect((await optionFaults(syslogLogSinkRegistration, given)).join('\n')).toContain(expected);
});
