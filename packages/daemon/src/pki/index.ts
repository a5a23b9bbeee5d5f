export { type CertificateInfo, certificateInfo } from './certificate.js';
export { assertClientName, isClientName } from './client-name.js';
export { createFileDurably } from '../lifecycle/durable-file.js';
export { type EnsuredPki, ensurePki, type EnsurePkiOptions } from './ensure-pki.js';
export { type IssueClientOptions, type IssuedClient, issueClient } from './issue-client.js';
export {
  loadServerCredentials,
  type ServerCredentialPaths,
  type ServerCredentials,
} from './load-server-credentials.js';
export { type PeerCertificateSource, type PeerIdentity, peerIdentity } from './peer-identity.js';
export { type ClientPaths, clientPaths, type PkiPaths, pkiPaths } from './pki-paths.js';
export { assertTrustDomain, defaultTrustDomain, parseSpiffeId, type SpiffeId } from './spiffe-id.js';
