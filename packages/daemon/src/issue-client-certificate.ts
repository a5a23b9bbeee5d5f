import type { Surroundings } from './config/daemon-paths.js';
import { assertTrustedPath } from './lifecycle/trusted-path.js';
import { loadSettings } from './load-settings.js';
import type { IssueOptions } from './main.js';
import { issueClient } from './pki/index.js';

/** Makes the key and certificate of a client. Returns what to print. */
export async function issueClientCertificate(
  name: string,
  options: IssueOptions,
  surroundings: Surroundings,
): Promise<string> {
  const { config, paths } = loadSettings(options, surroundings);
  assertTrustedPath(paths.pkiDir);
  const { paths: files, info } = await issueClient({
    pkiDir: paths.pkiDir,
    name,
    trustDomain: config.identity.trust_domain,
    overwrite: options.overwrite ?? false,
    ...(options.days === undefined ? {} : { days: options.days }),
  });
  const issued = {
    name,
    certificate: files.certificate,
    key: files.key,
    ca: files.caCertificate,
    identity: info.uri ?? name,
    expiresAt: info.notAfter.toISOString(),
  };
  if (options.output === 'json') return `${JSON.stringify(issued)}\n`;
  return Object.entries(issued)
    .map(([key, value]) => `${key.padEnd(12)}${value}\n`)
    .join('');
}
