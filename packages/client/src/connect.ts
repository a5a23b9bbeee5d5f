import { AuraeClient } from './aurae-client.js';
import type { ConnectOptions } from './connect-options.js';
import { discoverConfig } from './discover-config.js';

/**
 * A client of the daemon that the options, the environment or the configuration files name. The connection itself is
 * made by the first call.
 *
 * @throws InvalidSpecError when a setting cannot be right, FailedPreconditionError when a file cannot be used, and
 *   UnavailableError when there is neither a socket nor a certificate, because no daemon ever ran
 */
export function connect(options: ConnectOptions = {}): AuraeClient {
  return new AuraeClient(discoverConfig(options));
}
