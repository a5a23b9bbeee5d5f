import { longestSocketPathBytes } from '../unix/socket-path.js';

/** Where syslog messages go. */
export type SyslogAddress =
  | { readonly transport: 'unix'; readonly path: string }
  | { readonly transport: 'udp' | 'tcp'; readonly host: string; readonly port: number };

/** How an address is written, for the message about one that is not. */
export const syslogAddressForm = '"unix:/dev/log", "udp:host:port" or "tcp:host:port"';

const internet = /^(udp|tcp):(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

/** The address; undefined when it is not written in one of the forms. An IPv6 address stands in brackets. */
export function parseSyslogAddress(text: string): SyslogAddress | undefined {
  if (text.startsWith('unix:/')) {
    const path = text.slice('unix:'.length);
    return path.includes('\0') || Buffer.byteLength(path) > longestSocketPathBytes
      ? undefined
      : { transport: 'unix', path };
  }
  const [, transport, address, name, digits] = internet.exec(text) ?? [];
  const host = address ?? name;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  return { transport: transport === 'udp' ? 'udp' : 'tcp', host, port };
}
