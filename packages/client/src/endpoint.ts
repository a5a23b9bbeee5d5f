import { InvalidSpecError } from '@aurae/proto';
import { expandPath } from './expand-path.js';

/** Where a daemon listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const allowed = 'a path, unix:///path, host:port or tcp://host:port';

/**
 * Reads the name of a socket. Text that looks like `host:port` is TCP; for a file of such a name write `./host:port`.
 *
 * @param source whose setting it is, for the error
 */
export function parseEndpoint(text: string, source: string, baseDir: string, homeDir: string): Endpoint {
  const invalid = (why: string) =>
    new InvalidSpecError(`Cannot use the socket "${text}" (${source}): ${why}; allowed are ${allowed}`);
  if (text === '') throw invalid('it is empty');
  const [, scheme, rest = text] = /^(unix|[a-z][a-z0-9+.-]*(?=:\/\/)):(.*)$/i.exec(text) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'unix': {
      const path = rest.startsWith('//') ? rest.slice(2) : rest;
      if (path === '' || (path !== rest && !path.startsWith('/'))) throw invalid('its path is not absolute');
      return { kind: 'unix', path: expandPath(path, baseDir, homeDir) };
    }
    case 'tcp': {
      const address = parseAddress(rest.slice(2), invalid);
      if (!address) throw invalid('it names no host and port');
      return address;
    }
    case undefined:
      return parseAddress(text, invalid) ?? { kind: 'unix', path: expandPath(text, baseDir, homeDir) };
    default:
      throw invalid(`"${scheme}" is not a transport`);
  }
}

function parseAddress(text: string, invalid: (why: string) => Error): Endpoint | undefined {
  const [, host, digits] = /^(\[[0-9a-f:.%]+\]|[^/:\s[\]]+):(\d+)$/i.exec(text) ?? [];
  if (host === undefined) return undefined;
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalid(`the port ${digits} is not from 1 to 65535`);
  return { kind: 'tcp', host, port };
}

/** The endpoint as a person names it. */
export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

/** The endpoint as grpc-js names it. */
export function endpointTarget(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? `unix:${endpoint.path}` : `dns:${endpoint.host}:${endpoint.port}`;
}
