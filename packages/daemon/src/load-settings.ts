import { resolve } from 'node:path';
import { type DaemonFlags, type DaemonSettings, daemonSettings } from './composition/daemon-settings.js';
import { defaultPaths, type Surroundings } from './config/daemon-paths.js';
import { loadConfig } from './config/load-config.js';
import { assertTrustedPath } from './lifecycle/trusted-path.js';
import type { PathOptions } from './main.js';

const pathFlags = ['socket', 'stateDir', 'runDir', 'pkiDir', 'caCrt', 'serverCrt', 'serverKey'] as const;

/** Brings together defaults, configuration file and command line. Throws a ConfigError or a StartupError. */
export function loadSettings(options: PathOptions & DaemonFlags, surroundings: Surroundings): DaemonSettings {
  const root = options.root === undefined ? undefined : resolve(options.root);
  const defaults = defaultPaths(surroundings, root);
  const configFile = options.config === undefined ? defaults.configFile : resolve(options.config);
  assertTrustedPath(configFile);
  const config = loadConfig(configFile, options.config !== undefined);
  return daemonSettings(config, { ...defaults, configFile }, absolute(options));
}

/** A daemon may change its directory; what the command line means is relative to where it was typed. */
function absolute(flags: DaemonFlags): DaemonFlags {
  const paths = pathFlags.flatMap((name) => (flags[name] === undefined ? [] : [[name, resolve(flags[name])]]));
  return { ...flags, ...Object.fromEntries(paths) };
}
