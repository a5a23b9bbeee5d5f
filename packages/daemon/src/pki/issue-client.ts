import { X509Certificate } from 'node:crypto';
import { AlreadyExistsError, FailedPreconditionError } from '@aurae/proto';
import { type CertificateInfo, certificateInfo } from './certificate.js';
import { asIssuer, loadCertificateAuthority } from './certificate-authority.js';
import { readCredentialFile } from './credential-file.js';
import { createFileDurably, removeFileDurably } from '../lifecycle/durable-file.js';
import { type CertificateIssuer, issueCertificate } from './issue-certificate.js';
import { clientProfile } from './leaf-profile.js';
import { assertPkiDirectory } from './pki-directory.js';
import { type ClientPaths, clientPaths, pkiPaths } from './pki-paths.js';
import { ensurePrivateKey, inspectPrivateKey } from './private-key.js';
import { defaultTrustDomain } from './spiffe-id.js';
import { assertDays, leafDays, validityFor } from './validity.js';

export interface IssueClientOptions {
  readonly pkiDir: string;
  /** 1 to 63 characters of a-z, 0-9, ".", "_" and "-". */
  readonly name: string;
  /** Default 365, from 1 to 3650; never longer than the authority itself. */
  readonly days?: number;
  /** Default `unsafe.aurae.io`; must be that of the daemon. */
  readonly trustDomain?: string;
  /** Makes a new key and certificate in place of those of the same name. The old ones stay valid until they expire. */
  readonly overwrite?: boolean;
  /** Default: the present. */
  readonly now?: Date;
}

export interface IssuedClient {
  readonly paths: ClientPaths;
  readonly info: CertificateInfo;
}

/** Makes the key and certificate of a client. A key without a certificate, left by a crash, does not count as one. */
export async function issueClient(options: IssueClientOptions): Promise<IssuedClient> {
  const { pkiDir, name, days = leafDays, trustDomain = defaultTrustDomain, now = new Date() } = options;
  assertDays(days);
  const profile = clientProfile(trustDomain, name);
  await assertPkiDirectory(pkiDir);
  const issuer = await loadIssuer(pkiDir, now);
  const paths = clientPaths(pkiDir, name);
  if (options.overwrite === true) {
    // The certificate goes first: what a crash leaves from here on is an incomplete pair, never a mixed one.
    await removeFileDurably(paths.certificate);
    await removeFileDurably(paths.key);
  } else if ((await readCredentialFile(paths.certificate, 'public')) !== undefined) {
    throw alreadyExists(name, paths);
  }
  const key = await ensurePrivateKey(paths.key);
  const data = await issueCertificate({ ...profile, key, ...validityFor(now, days, issuer.certificate) }, issuer);
  if (!(await createFileDurably({ path: paths.certificate, data, mode: 0o644 }))) throw alreadyExists(name, paths);
  return { paths, info: await verifiedInfo(name, paths) };
}

async function loadIssuer(pkiDir: string, now: Date): Promise<CertificateIssuer> {
  const authority = await loadCertificateAuthority(pkiDir);
  if (authority !== undefined) return asIssuer(authority, now);
  throw new FailedPreconditionError(
    `Cannot issue a certificate: there is no certificate authority ${JSON.stringify(pkiPaths(pkiDir).caCertificate)}; ` +
      'start auraed once to make it',
  );
}

/** Two overwrites of one name at the same time may mix their files; then neither may say that it succeeded. */
async function verifiedInfo(name: string, paths: ClientPaths): Promise<CertificateInfo> {
  const pem = await readCredentialFile(paths.certificate, 'public');
  const key = await inspectPrivateKey(paths.key);
  if (pem !== undefined && typeof key !== 'string') {
    const certificate = new X509Certificate(pem);
    if (certificate.checkPrivateKey(key)) return certificateInfo(certificate);
  }
  throw new FailedPreconditionError(
    `Cannot issue a certificate for client ${JSON.stringify(name)}: its files were changed meanwhile; ` +
      'issue it again with overwrite',
  );
}

function alreadyExists(name: string, paths: ClientPaths): AlreadyExistsError {
  return new AlreadyExistsError(
    `Cannot issue a certificate for client ${JSON.stringify(name)}: ${JSON.stringify(paths.certificate)} exists; ` +
      'choose another name, or overwrite it',
  );
}
