import { dirname } from 'node:path';
import type { Config } from '../config/config-schema.js';
import type { DaemonPaths } from '../config/daemon-paths.js';

/** What a command line may set, on top of the configuration file. Absent means not given. */
export interface DaemonFlags {
  readonly socket?: string;
  readonly stateDir?: string;
  readonly runDir?: string;
  readonly pkiDir?: string;
  readonly caCrt?: string;
  readonly serverCrt?: string;
  readonly serverKey?: string;
  /** `host:port`. */
  readonly listen?: string;
  readonly logLevel?: Config['log']['level'];
}

/** Everything that a daemon needs to know before it starts. */
export interface DaemonSettings {
  readonly config: Config;
  readonly paths: DaemonPaths;
  /** The operator's own certificates; each absent one is that of the PKI directory. */
  readonly certificates: { readonly caCertificate?: string; readonly certificate?: string; readonly key?: string };
  readonly tcp: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: Config['log']['level'];
}

/** A flag wins over the configuration file, which wins over the default. */
export function daemonSettings(config: Config, defaults: DaemonPaths, flags: DaemonFlags = {}): DaemonSettings {
  const runDir = flags.runDir ?? config.paths.run_dir ?? defaults.runDir;
  const movedSocket = runDir === defaults.runDir ? defaults.socket : `${runDir}/aurae.sock`;
  return {
    config,
    paths: {
      ...defaults,
      runDir,
      socket: flags.socket ?? config.paths.socket ?? movedSocket,
      stateDir: flags.stateDir ?? config.paths.state_dir ?? defaults.stateDir,
      pkiDir: flags.pkiDir ?? config.paths.pki_dir ?? defaults.pkiDir,
    },
    certificates: {
      ...given('caCertificate', flags.caCrt ?? config.tls.ca_crt),
      ...given('certificate', flags.serverCrt ?? config.tls.server_crt),
      ...given('key', flags.serverKey ?? config.tls.server_key),
    },
    tcp: tcpAddress(flags.listen ?? config.tcp.listen),
    logLevel: flags.logLevel ?? config.log.level,
  };
}

/** The directories that exactly one daemon may use at a time. */
export function ownedDirectories({ paths }: DaemonSettings): string[] {
  return [...new Set([paths.runDir, paths.stateDir])];
}

export function socketDirectory({ paths }: DaemonSettings): string {
  return dirname(paths.socket);
}

function given<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
}

function tcpAddress(listen: string | undefined): DaemonSettings['tcp'] {
  if (listen === undefined) return undefined;
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
