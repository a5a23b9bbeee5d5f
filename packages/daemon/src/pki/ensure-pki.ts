import { resolve } from 'node:path';
import { readCertificates } from './certificate.js';
import { ensureCertificateAuthority } from './certificate-authority.js';
import { ensureLeaf } from './ensure-leaf.js';
import { clientProfile, serverProfile } from './leaf-profile.js';
import type { ServerCredentialPaths } from './load-server-credentials.js';
import { ensurePkiDirectory } from './pki-directory.js';
import { clientPaths, pkiPaths } from './pki-paths.js';
import { defaultTrustDomain } from './spiffe-id.js';
import { describeExpiry, isAboutToExpire } from './validity.js';

export interface EnsurePkiOptions {
  readonly pkiDir: string;
  /** The operator's own files. As soon as one differs from that in `pkiDir`, nothing is generated. */
  readonly own?: Partial<ServerCredentialPaths>;
  /** Default `unsafe.aurae.io`. */
  readonly trustDomain?: string;
  /** Further DNS names and IP addresses of the server, for TCP. A new one renews the server certificate. */
  readonly serverNames?: readonly string[];
  /** Default: the present. */
  readonly now?: Date;
}

export interface EnsuredPki {
  /** What to hand to `loadServerCredentials`. */
  readonly paths: ServerCredentialPaths;
  /** The certificates that this call made. */
  readonly generated: readonly string[];
  /** Whole sentences for the log. */
  readonly warnings: readonly string[];
}

const administrator = 'admin';

/**
 * Makes the certificate authority, the server certificate and the client "admin" where they are missing, renews what
 * is about to expire, and leaves everything else alone.
 *
 * It may be killed at any moment, and run again; two at once agree on one authority. Each file appears whole: first
 * a key, then its certificate, whose presence says that the pair is complete. A client certificate whose key was
 * taken away is therefore complete: that is how an operator keeps the admin key off the machine.
 */
export async function ensurePki(options: EnsurePkiOptions): Promise<EnsuredPki> {
  const { pkiDir, trustDomain = defaultTrustDomain, now = new Date() } = options;
  const paths = serverPaths(pkiDir, options.own);
  if (isOwn(pkiDir, paths)) return { paths, generated: [], warnings: await expiryWarnings(paths, now) };

  const server = { paths, profile: serverProfile(trustDomain, options.serverNames), required: true };
  const client = {
    paths: clientPaths(pkiDir, administrator),
    profile: clientProfile(trustDomain, administrator),
    required: false,
  };
  await ensurePkiDirectory(pkiDir);
  const { authority, generated } = await ensureCertificateAuthority(pkiDir, now);
  const ensuredServer = await ensureLeaf(server, authority, now);
  const ensuredClient = await ensureLeaf(client, authority, now);
  return {
    paths,
    generated: [...generated, ...ensuredServer.generated, ...ensuredClient.generated],
    warnings: [
      ...(await expiryWarnings({ caCertificate: paths.caCertificate }, now)),
      ...ensuredServer.warnings,
      ...ensuredClient.warnings,
    ],
  };
}

function serverPaths(pkiDir: string, own: Partial<ServerCredentialPaths> = {}): ServerCredentialPaths {
  const { caCertificate, certificate, key } = pkiPaths(pkiDir);
  return {
    caCertificate: own.caCertificate ?? caCertificate,
    certificate: own.certificate ?? certificate,
    key: own.key ?? key,
  };
}

/** A config that spells out the default paths is not a way to bring certificates. */
function isOwn(pkiDir: string, paths: ServerCredentialPaths): boolean {
  const generated = pkiPaths(pkiDir);
  return (['caCertificate', 'certificate', 'key'] as const).some(
    (name) => resolve(paths[name]) !== resolve(generated[name]),
  );
}

async function expiryWarnings(paths: { caCertificate: string; certificate?: string }, now: Date): Promise<string[]> {
  const warnings: string[] = [];
  for (const path of [paths.caCertificate, paths.certificate]) {
    if (path === undefined) continue;
    const certificate = (await readCertificates(path))?.[0];
    if (certificate === undefined || !isAboutToExpire(certificate, now)) continue;
    warnings.push(`Replace the certificate ${JSON.stringify(path)}: ${describeExpiry(certificate, now)}`);
  }
  return warnings;
}
