import { isIPv6 } from 'node:net';
import type { runtime } from '@aurae/proto';

const defaultHost = '127.0.0.1';

/** What sockets connect to: no brackets around an address of IPv6. */
export function probeHost(host: string): string {
  return host === '' ? defaultHost : withoutBrackets(host);
}

/** `127.0.0.1:5432`, `[::1]:5432`, for a person. */
export function endpointText({ host, port }: runtime.TcpProbe | runtime.HttpProbe): string {
  const name = probeHost(host);
  return isIPv6(name) ? `[${name}]:${port}` : `${name}:${port}`;
}

export function probePath({ path }: runtime.HttpProbe): string {
  return path === '' ? '/' : path;
}

/** For a person. */
export function urlText(probe: runtime.HttpProbe): string {
  return `${probe.tls ? 'https' : 'http'}://${endpointText(probe)}${probePath(probe)}`;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
