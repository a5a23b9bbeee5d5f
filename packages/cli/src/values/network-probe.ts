import type { runtime } from '@aurae/proto';

/** What the address of an HTTP probe looks like, for messages. */
export const httpProbeForms = ':8080/healthz, web.local:8080/, http://127.0.0.1/ and https://[::1]:8443/healthz';

/** What the address of a TCP probe looks like, for messages. */
export const tcpProbeForms = ':5432, 5432, db.local:5432 and [::1]:5432';

const host = String.raw`(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/?#[\]@]*))`;
const httpForm = new RegExp(String.raw`^(?:(https?)://)?${host}(?::(\d{1,5}))?(/\S*)?$`);
const tcpForm = new RegExp(String.raw`^(?:${host}:)?(\d{1,5})$`);
const highestPort = 65_535;

/** The probe of `:8080/healthz` or of a URL. What it leaves out the daemon knows. Undefined when it is none. */
export function parseHttpProbe(text: string): runtime.HttpProbe | undefined {
  const [whole, scheme, address, name = '', portText, path = ''] = httpForm.exec(text) ?? [];
  const tls = scheme === 'https';
  const port = portText === undefined ? defaultPort(scheme) : parsePort(portText);
  return whole === undefined || port === undefined ? undefined : { host: address ?? name, port, path, tls };
}

/** The probe of `:5432` or `db.local:5432`. Undefined when it is none. */
export function parseTcpProbe(text: string): runtime.TcpProbe | undefined {
  const [, address, name = '', portText = ''] = tcpForm.exec(text) ?? [];
  const port = parsePort(portText);
  return port === undefined ? undefined : { host: address ?? name, port };
}

/** Without a scheme it would be a guess. */
function defaultPort(scheme: string | undefined): number | undefined {
  if (scheme === undefined) return undefined;
  return scheme === 'https' ? 443 : 80;
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return port >= 1 && port <= highestPort ? port : undefined;
}
