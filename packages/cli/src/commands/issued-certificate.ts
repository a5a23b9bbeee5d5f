import { type Endpoint, endpointName } from '@aurae/client';

/** What `auraed pki issue` tells of the certificate that it made. */
export interface IssuedCertificate {
  readonly name: string;
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  /** By what the daemon knows its holder. */
  readonly identity: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

export function readIssued(json: string): IssuedCertificate {
  const issued = JSON.parse(json) as Partial<Record<string, unknown>>;
  for (const key of ['name', 'certificate', 'key', 'ca', 'identity', 'expiresAt']) {
    if (typeof issued[key] !== 'string') throw new Error(`auraed answered without "${key}"`);
  }
  return issued as unknown as IssuedCertificate;
}

/** For a person, with what to put into the client's configuration. */
export function formatIssued(issued: IssuedCertificate, endpoint: Endpoint, isCopied: boolean): string {
  const { name, certificate, key, ca, identity, expiresAt } = issued;
  const hints = [
    ...(isCopied
      ? []
      : [
          `The files lie in a private directory: "aurae pki issue ${name} --overwrite --out ./${name}" makes them anew and ` +
            `copies them to ./${name}.`,
        ]),
    ...(endpoint.kind === 'tcp'
      ? []
      : ['Another user or machine connects over TCP: set tcp.listen in auraed.toml and use socket = "host:port".']),
  ];
  return `Issued "${name}", known to auraed as ${identity}, valid until ${expiresAt.slice(0, 10)}.

To use it, put this into ~/.aurae/config:

[auth]
ca_crt = ${JSON.stringify(ca)}
client_crt = ${JSON.stringify(certificate)}
client_key = ${JSON.stringify(key)}

[system]
socket = ${JSON.stringify(endpointName(endpoint))}
${hints.map((hint) => `\n${hint}`).join('')}`.trimEnd();
}
