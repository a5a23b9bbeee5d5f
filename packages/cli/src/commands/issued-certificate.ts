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
export function formatIssued({ name, certificate, key, ca, identity, expiresAt }: IssuedCertificate): string {
  return `Issued "${name}", known to auraed as ${identity}, valid until ${expiresAt.slice(0, 10)}.

To use it, put this into ~/.aurae/config:

[auth]
ca_crt = ${JSON.stringify(ca)}
client_crt = ${JSON.stringify(certificate)}
client_key = ${JSON.stringify(key)}`;
}
