export { createDaemon, type Daemon } from './composition/create-daemon.js';
export { type DaemonFlags, type DaemonSettings, daemonSettings } from './composition/daemon-settings.js';
export { ConfigError } from './config/config-error.js';
export { type Config, configSchema } from './config/config-schema.js';
export { type DaemonPaths, defaultPaths, type Surroundings } from './config/daemon-paths.js';
export { loadConfig, parseConfig } from './config/load-config.js';
export { StartupError } from './lifecycle/startup-error.js';
export * as pki from './pki/index.js';
export { version } from './version.js';
