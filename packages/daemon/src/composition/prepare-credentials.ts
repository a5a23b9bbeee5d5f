import { ensureClientConfig } from '../config/client-config.js';
import { assertTrustedPath } from '../lifecycle/trusted-path.js';
import type { Logger } from '../logging/logger.js';
import { clientPaths, ensurePki, loadServerCredentials, type ServerCredentials } from '../pki/index.js';
import type { DaemonSettings } from './daemon-settings.js';

/** Makes what is missing of the certificates and of the client configuration, and reads what the server needs. */
export async function prepareCredentials(
  { config, paths, certificates }: DaemonSettings,
  log: Logger,
): Promise<ServerCredentials> {
  assertTrustedPath(paths.pkiDir);
  const pki = await ensurePki({
    pkiDir: paths.pkiDir,
    own: certificates,
    trustDomain: config.identity.trust_domain,
    serverNames: config.tls.server_names,
  });
  for (const certificate of pki.generated) log.info('Made a certificate', { certificate });
  for (const warning of pki.warnings) log.warn(warning);
  await offerClientConfig(paths, log);
  return loadServerCredentials(pki.paths);
}

/** A convenience for clients on this machine: without it the daemon serves all the same. */
async function offerClientConfig(paths: DaemonSettings['paths'], log: Logger): Promise<void> {
  const file = paths.clientConfigFile;
  try {
    if (await ensureClientConfig(file, clientPaths(paths.pkiDir, 'admin'), paths.socket)) {
      log.info('Made the client configuration', { file });
    }
  } catch (error) {
    log.warn('Cannot make the client configuration', { file, reason: (error as Error).message });
  }
}
