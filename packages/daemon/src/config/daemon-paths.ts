import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where everything of one daemon lives. All paths are absolute. */
export interface DaemonPaths {
  readonly configFile: string;
  readonly pkiDir: string;
  /** What clients on this machine read to find the socket and their certificates. */
  readonly clientConfigFile: string;
  readonly socket: string;
  readonly runDir: string;
  readonly stateDir: string;
}

export interface Surroundings {
  readonly uid: number;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The default paths: the system's for root, the user's own (XDG base directories) for anybody else, and all below
 * `root` where one is given.
 */
export function defaultPaths({ uid, home, env }: Surroundings, root?: string): DaemonPaths {
  if (root !== undefined) return systemPaths(root);
  return uid === 0 ? systemPaths('/') : userPaths(uid, home, env);
}

function systemPaths(root: string): DaemonPaths {
  const configDir = join(root, 'etc/aurae');
  const runDir = join(root, 'run/aurae');
  return {
    configFile: join(configDir, 'auraed.toml'),
    pkiDir: join(configDir, 'pki'),
    clientConfigFile: join(configDir, 'config'),
    // /var/run is where early clients look; on every current distribution it leads to /run.
    socket: root === '/' ? '/var/run/aurae/aurae.sock' : join(runDir, 'aurae.sock'),
    runDir,
    stateDir: join(root, 'var/lib/aurae'),
  };
}

function userPaths(uid: number, home: string, env: Surroundings['env']): DaemonPaths {
  const configHome = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const stateHome = env['XDG_STATE_HOME'] || join(home, '.local/state');
  // A shell without a login session (su, cron) has no XDG_RUNTIME_DIR, though the directory may be there.
  const loginDir = `/run/user/${uid}`;
  const runtimeDir = env['XDG_RUNTIME_DIR'] || (existsSync(loginDir) ? loginDir : undefined);
  const runDir = runtimeDir ? join(runtimeDir, 'aurae') : join(home, '.aurae/run');
  return {
    configFile: join(configHome, 'aurae/auraed.toml'),
    pkiDir: join(home, '.aurae/pki'),
    clientConfigFile: join(home, '.aurae/config'),
    socket: join(runDir, 'aurae.sock'),
    runDir,
    stateDir: join(stateHome, 'aurae'),
  };
}
