import { InvalidSpecError } from '@aurae/proto';
import { type ClientHost, thisHost } from './client-host.js';
import { type ClientSettings, mergeSettings, type Setting, type SettingName } from './client-settings.js';
import { readConfigFile, readNamedConfigFile } from './config-file.js';
import type { ConnectOptionName, ConnectOptions } from './connect-options.js';
import {
  defaultSettings,
  defaultSource,
  mayHideDaemon,
  type Place,
  placeSettings,
  rootedPlace,
  systemPlace,
  userPlace,
} from './default-places.js';
import { type Endpoint, parseEndpoint } from './endpoint.js';
import { expandPath } from './expand-path.js';

/** A file that a client needs, and whose setting it is. */
export interface CredentialFile {
  readonly path: string;
  readonly source: string;
}

/** Everything that a client needs to know, and nothing that it has to look for. */
export interface ClientConfig {
  readonly endpoint: Endpoint;
  readonly caCertificate: CredentialFile;
  readonly clientCertificate: CredentialFile;
  readonly clientKey: CredentialFile;
  /** Whether a daemon of root's may run on this machine that this user cannot see. Default: false. */
  readonly mayMissSystemDaemon?: boolean;
}

/**
 * Finds out where to connect and as whom. Each setting comes from the first of these that gives it:
 * 1. the options themselves, then the file `options.config`, then all that belongs to `options.root`;
 * 2. `AURAE_SOCKET`, then the file `AURAE_CONFIG`, then all that belongs to `AURAE_ROOT`;
 * 3. `~/.aurae/config`, or `/etc/aurae/config` when that does not exist;
 * 4. the default paths.
 *
 * At most one file is read, and a root ends the search: what a root's daemon uses lies in that root.
 */
export function discoverConfig(options: ConnectOptions = {}, host: ClientHost = thisHost()): ClientConfig {
  assertNoneEmpty(options);
  const settings = mergeSettings(layersOf(options, host)) as Required<ClientSettings>;
  const fileOf = (name: Exclude<SettingName, 'socket'>): CredentialFile => {
    const { value, baseDir, source } = settings[name];
    return { path: expandPath(value, baseDir, host.homeDir), source };
  };
  const { value, source, baseDir } = settings.socket;
  return {
    endpoint: parseEndpoint(value, source, baseDir, host.homeDir),
    caCertificate: fileOf('caCertificate'),
    clientCertificate: fileOf('clientCertificate'),
    clientKey: fileOf('clientKey'),
    mayMissSystemDaemon: source === defaultSource && mayHideDaemon(host),
  };
}

/** An empty path would be the working directory: it is what a script's unset variable leaves. */
function assertNoneEmpty(options: ConnectOptions): void {
  const names = ['socket', 'config', 'root', 'caCertificate', 'clientCertificate', 'clientKey'] as const;
  for (const name of names) {
    if (options[name] !== '') continue;
    throw new InvalidSpecError(`Cannot connect: ${sourceOf(options, name)} is empty; leave it out or give a value`);
  }
}

/** How messages name an option. */
function sourceOf({ optionNames }: ConnectOptions, name: ConnectOptionName): string {
  return optionNames?.[name] ?? `the option "${name}"`;
}

function layersOf(options: ConnectOptions, host: ClientHost): ClientSettings[] {
  const absolute = (path: string) => expandPath(path, host.workingDir, host.homeDir);
  const variable = (name: string) => host.variables[name] || undefined;
  const layers: ClientSettings[] = [settingsOfOptions(options, host)];
  let hasFile = false;
  const addFile = (path: string | undefined, source: string) => {
    if (path === undefined || hasFile) return;
    layers.push(readNamedConfigFile(absolute(path), source));
    hasFile = true;
  };
  const addPlace = (place: Place, source: string) => {
    const file = hasFile ? undefined : readConfigFile(place.config);
    layers.push(file ?? {}, placeSettings(place, source));
    return layers;
  };

  addFile(options.config, sourceOf(options, 'config'));
  if (options.root !== undefined) {
    const root = absolute(options.root);
    return addPlace(rootedPlace(root), `the default of the root "${root}"`);
  }
  const socket = variable('AURAE_SOCKET');
  if (socket) layers.push({ socket: { value: socket, source: 'AURAE_SOCKET', baseDir: host.workingDir } });
  addFile(variable('AURAE_CONFIG'), 'AURAE_CONFIG');
  const environmentRoot = variable('AURAE_ROOT');
  if (environmentRoot) return addPlace(rootedPlace(absolute(environmentRoot)), 'the default of AURAE_ROOT');
  if (!hasFile) layers.push(readConfigFile(userPlace(host).config) ?? readSystemConfig(host) ?? {});
  const hasSocket = layers.some((layer) => layer.socket);
  return [...layers, defaultSettings(host, hasSocket)];
}

/** Root's daemon keeps its file to itself unless the operator opens it: for other users it is then as if not there. */
function readSystemConfig(host: ClientHost): ClientSettings | undefined {
  return readConfigFile(systemPlace(host).config, host.userId !== 0);
}

function settingsOfOptions(options: ConnectOptions, { workingDir }: ClientHost): ClientSettings {
  const names = ['socket', 'caCertificate', 'clientCertificate', 'clientKey'] as const;
  const settings: { [Name in SettingName]?: Setting } = {};
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) settings[name] = { value, source: sourceOf(options, name), baseDir: workingDir };
  }
  return settings;
}
