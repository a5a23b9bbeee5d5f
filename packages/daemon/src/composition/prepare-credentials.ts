import { ensureClientConfig } from '../config/client-config.js';
import type { Logger } from '../logging/logger.js';
import { clientPaths, ensurePki, loadServerCredentials, type ServerCredentials } from '../pki/index.js';
import type { DaemonSettings } from './daemon-settings.js';

/** Makes what is missing of the certificates and of the client configuration, and reads what the server needs. */
export async function prepareCredentials(
  { config, paths, certificates }: DaemonSettings,
  log: Logger,
): Promise<ServerCredentials> {
  const pki = await ensurePki({
    pkiDir: paths.pkiDir,
    own: certificates,
    trustDomain: config.identity.trust_domain,
    serverNames: config.tls.server_names,
  });
  for (const certificate of pki.generated) log.info('Made a certificate', { certificate });
  for (const warning of pki.warnings) log.warn(warning);
  if (ensureClientConfig(paths.clientConfigFile, clientPaths(paths.pkiDir, 'admin'), paths.socket)) {
    log.info('Made the client configuration', { file: paths.clientConfigFile });
  }
  return loadServerCredentials(pki.paths);
}
