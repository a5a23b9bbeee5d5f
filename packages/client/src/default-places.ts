import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClientHost } from './client-host.js';
import type { ClientSettings } from './client-settings.js';

/** Where one daemon keeps what its clients need. */
export interface Place {
  readonly config: string;
  readonly socket: string;
  readonly pkiDir: string;
}

export function systemPlace({ systemDir }: ClientHost): Place {
  return {
    config: join(systemDir, 'etc/aurae/config'),
    socket: join(systemDir, 'var/run/aurae/aurae.sock'),
    pkiDir: join(systemDir, 'etc/aurae/pki'),
  };
}

export function userPlace(host: ClientHost): Place {
  return {
    config: join(host.homeDir, '.aurae/config'),
    socket: join(userRunDir(host), 'aurae.sock'),
    pkiDir: join(host.homeDir, '.aurae/pki'),
  };
}

/** The place of a daemon that was started with `--root`. */
export function rootedPlace(root: string): Place {
  return {
    config: join(root, 'etc/aurae/config'),
    socket: join(root, 'run/aurae/aurae.sock'),
    pkiDir: join(root, 'etc/aurae/pki'),
  };
}

function userRunDir({ variables, userId, homeDir, systemDir }: ClientHost): string {
  const runtimeDir = variables['XDG_RUNTIME_DIR'];
  if (runtimeDir) return join(runtimeDir, 'aurae');
  const loginDir = join(systemDir, `run/user/${userId}`);
  return existsSync(loginDir) ? join(loginDir, 'aurae') : join(homeDir, '.aurae/run');
}

export function placeSettings(place: Place, source: string): Required<ClientSettings> {
  return {
    socket: { value: place.socket, source, baseDir: '/' },
    ...pkiSettings(place.pkiDir, source),
  };
}

function pkiSettings(pkiDir: string, source: string) {
  const setting = (name: string) => ({ value: join(pkiDir, name), source, baseDir: pkiDir });
  return {
    caCertificate: setting('ca.crt'),
    clientCertificate: setting('_signed.client.admin.crt'),
    clientKey: setting('client.admin.key'),
  };
}

/** The source of a setting that nobody gave. */
export const defaultSource = 'the default';

/**
 * The settings that hold when nobody gave any. Root knows the system's daemon alone. Anybody else may have a daemon
 * of their own, which comes first, or a certificate for the system's.
 *
 * @param givenSocket whether the socket is decided already, so that only the certificates are wanted
 */
export function defaultSettings(host: ClientHost, givenSocket: boolean): Required<ClientSettings> {
  const system = systemPlace(host);
  const source = defaultSource;
  if (host.userId === 0) return placeSettings(system, source);
  const user = userPlace(host);
  const withSocket = givenSocket ? undefined : [user, system].find(({ socket }) => existsSync(socket));
  const withPki = [user, system].find(({ pkiDir }) => isReadable(join(pkiDir, 'client.admin.key')));
  const place = withSocket ?? withPki ?? user;
  const usesSystemPki = place === system && (withPki === system || !existsSync(user.pkiDir));
  return {
    ...placeSettings(place, source),
    ...pkiSettings(usesSystemPki ? system.pkiDir : user.pkiDir, source),
  };
}

/** Whether root's daemon keeps its files from a user who has none of their own. */
export function mayHideDaemon(host: ClientHost): boolean {
  if (host.userId === 0 || existsSync(userPlace(host).pkiDir)) return false;
  const stats = statSync(dirname(systemPlace(host).config), { throwIfNoEntry: false });
  return stats !== undefined && stats.uid !== host.userId && (stats.mode & 0o011) === 0;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
