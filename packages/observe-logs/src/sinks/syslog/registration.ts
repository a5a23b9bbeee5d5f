import { hostname } from 'node:os';
import { defineBackend } from '@aurae/proto';
import type { EncodeSyslog, SyslogTransport } from './syslog-transport.js';
import { type SyslogSinkOptions, syslogSinkOptions } from './syslog-sink-options.js';

/** The log sink `syslog`: RFC 5424 over a Unix socket, UDP or TCP. */
export const syslogLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'syslog',
  options: syslogSinkOptions,
  create: async (options) => {
    const { SyslogLogSink } = await import('./syslog-log-sink.js');
    return new SyslogLogSink({ address: addressText(options), transport: await transportOf(options) });
  },
});

async function transportOf(options: SyslogSinkOptions): Promise<SyslogTransport> {
  const { address, framing, max_message_bytes: limitBytes } = options;
  const common = { encode: await encoderOf(options), limitBytes, framing };
  switch (address.transport) {
    case 'unix':
      return new (await import('./unix-transport.js')).UnixTransport({ ...common, path: address.path });
    case 'udp':
      return new (await import('./udp-transport.js')).UdpTransport({ ...common, ...address });
    case 'tcp': {
      const { host, port } = address;
      return new (await import('./stream-transport.js')).StreamTransport({ ...common, to: { host, port } });
    }
  }
}

async function encoderOf(options: SyslogSinkOptions): Promise<EncodeSyslog> {
  const { syslogEncoder } = await import('./syslog-message.js');
  return syslogEncoder({
    facility: options.facility,
    hostname: options.hostname ?? hostname(),
    appName: options.app_name,
    byteOrderMark: options.byte_order_mark,
  });
}

function addressText({ address }: SyslogSinkOptions): string {
  if (address.transport === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.transport}:${host}:${address.port}`;
}
