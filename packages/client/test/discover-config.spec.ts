import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuraeClient, type ClientHost, type ConnectOptions, discoverConfig, endpointName } from '../src/index.js';

let base: string;
let host: ClientHost;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'aurae-discover-'));
  host = {
    variables: {},
    homeDir: join(base, 'home'),
    userId: 1000,
    workingDir: join(base, 'work'),
    systemDir: join(base, 'system'),
  };
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function write(path: string, text = ''): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function found(options: ConnectOptions = {}, changes: Partial<ClientHost> = {}) {
  const config = discoverConfig(options, { ...host, ...changes });
  return {
    socket: endpointName(config.endpoint),
    ca: config.caCertificate.path,
    certificate: config.clientCertificate.path,
    key: config.clientKey.path,
  };
}

function pki(dir: string) {
  return {
    ca: join(dir, 'ca.crt'),
    certificate: join(dir, '_signed.client.admin.crt'),
    key: join(dir, 'client.admin.key'),
  };
}

const systemPki = () => pki(join(host.systemDir, 'etc/aurae/pki'));
const systemSocket = () => join(host.systemDir, 'var/run/aurae/aurae.sock');
const userPki = () => pki(join(host.homeDir, '.aurae/pki'));

describe('without any setting', () => {
  test("root uses the system's daemon", () => {
    expect(found({}, { userId: 0 })).toEqual({ socket: systemSocket(), ...systemPki() });
  });

  test('another user uses their own', () => {
    expect(found({}, { variables: { XDG_RUNTIME_DIR: '/xdg' } })).toEqual({
      socket: '/xdg/aurae/aurae.sock',
      ...userPki(),
    });
  });

  test('without XDG_RUNTIME_DIR the login directory holds the socket, and without that the home directory', () => {
    expect(found().socket).toBe(join(host.homeDir, '.aurae/run/aurae.sock'));
    mkdirSync(join(host.systemDir, 'run/user/1000'), { recursive: true });
    expect(found().socket).toBe(join(host.systemDir, 'run/user/1000/aurae/aurae.sock'));
  });

  test("a user without a daemon uses the system's when there is one", () => {
    write(systemSocket());
    expect(found()).toEqual({ socket: systemSocket(), ...systemPki() });
  });

  test("a user's own daemon comes before the system's", () => {
    write(systemSocket());
    const socket = write(join(host.homeDir, '.aurae/run/aurae.sock'));
    expect(found()).toEqual({ socket, ...userPki() });
  });

  test("a user's own certificate is shown to the system's daemon where the admin's cannot be read", () => {
    write(systemSocket());
    write(userPki().key);
    expect(found()).toEqual({ socket: systemSocket(), ...userPki() });
    write(systemPki().key);
    rmSync(dirname(userPki().key), { recursive: true });
    expect(found()).toEqual({ socket: systemSocket(), ...systemPki() });
  });

  test('with the socket given, the certificates come from where they can be read', () => {
    expect(found({ socket: '/s' })).toEqual({ socket: '/s', ...userPki() });
    write(systemPki().key);
    expect(found({ socket: '/s' })).toEqual({ socket: '/s', ...systemPki() });
    write(userPki().key);
    expect(found({ socket: '/s' })).toEqual({ socket: '/s', ...userPki() });
  });
});

describe('a root', () => {
  test('moves every default', () => {
    const expected = { socket: '/r/run/aurae/aurae.sock', ...pki('/r/etc/aurae/pki') };
    expect(found({ root: '/r' })).toEqual(expected);
    expect(found({}, { variables: { AURAE_ROOT: '/r' } })).toEqual(expected);
  });

  test('has a config file of its own, and hides those of the user', () => {
    write(join(host.homeDir, '.aurae/config'), '[system]\nsocket = "/user"');
    write(join(base, 'r/etc/aurae/config'), '[auth]\nca_crt = "../other.crt"');
    expect(found({ root: '../r' })).toMatchObject({
      socket: join(base, 'r/run/aurae/aurae.sock'),
      ca: join(base, 'r/etc/other.crt'),
    });
  });

  test('given as an option, hides the environment', () => {
    const variables = { AURAE_ROOT: '/e', AURAE_SOCKET: '/s', AURAE_CONFIG: '/does/not/exist' };
    expect(found({ root: '/r' }, { variables }).socket).toBe('/r/run/aurae/aurae.sock');
  });
});

test('paths in a file are absolute, in the home directory, or relative to the file', () => {
  const config = write(
    join(base, 'dir/config'),
    '[auth]\nca_crt = "/ca"\nclient_crt = "~/crt"\nclient_key = "key"\n[system]\nsocket = "sub/a.sock"',
  );
  expect(found({ config })).toEqual({
    socket: join(base, 'dir/sub/a.sock'),
    ca: '/ca',
    certificate: join(host.homeDir, 'crt'),
    key: join(base, 'dir/key'),
  });
});

test('paths in options and variables are relative to the working directory', () => {
  expect(found({ clientKey: 'key' }, { variables: { AURAE_SOCKET: './a.sock' } })).toMatchObject({
    socket: join(base, 'work/a.sock'),
    key: join(base, 'work/key'),
  });
});

test('a file that is asked for must exist, whoever asks', () => {
  expect(() => found({ config: '/none' })).toThrow(
    'Cannot read the client config file "/none" (the option "config"): it does not exist',
  );
  expect(() => found({}, { variables: { AURAE_CONFIG: '/none' } })).toThrow('"/none" (AURAE_CONFIG)');
});

test('the options are called as the caller calls them', () => {
  const optionNames = { config: '--config', socket: '--socket' };
  expect(() => found({ config: '/none', optionNames })).toThrow('"/none" (--config): it does not exist');
  expect(() => found({ socket: 'host:0', optionNames })).toThrow('Cannot use the socket "host:0" (--socket)');
});

test.each(['socket', 'config', 'root', 'caCertificate', 'clientCertificate', 'clientKey'])(
  'an empty %s is refused',
  (name) => {
    expect(() => found({ [name]: '' })).toThrow(
      `Cannot connect: the option "${name}" is empty; leave it out or give a value`,
    );
  },
);

test('empty variables count as unset', () => {
  const variables = { AURAE_ROOT: '', AURAE_SOCKET: '', AURAE_CONFIG: '', XDG_RUNTIME_DIR: '' };
  expect(found({}, { variables })).toEqual(found());
});

describe("a daemon of root's that the user cannot see", () => {
  const message = (options: ConnectOptions = {}, changes: Partial<ClientHost> = {}) => {
    try {
      return String(new AuraeClient(discoverConfig(options, { ...host, userId: otherUser, ...changes })));
    } catch (error) {
      return (error as Error).message;
    }
  };
  const otherUser = (process.geteuid?.() ?? 0) + 1;
  const hint =
    ". A daemon of root's may run on this machine: only root can reach it, or you over TCP with a certificate from root";

  beforeEach(() => {
    const dir = join(host.systemDir, 'etc/aurae');
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o700);
  });

  test('is hinted at', () => {
    expect(message()).toMatch(/^No auraed answers on ".*\/home\/.aurae\/run\/aurae.sock"/);
    expect(message().endsWith(hint)).toBe(true);
  });

  test('is not where it cannot be meant', () => {
    expect(message({}, { userId: 0 })).not.toContain(hint);
    expect(message({ root: '/r' })).not.toContain(hint);
    expect(message({ socket: '/s' })).not.toContain(hint);
    mkdirSync(join(host.homeDir, '.aurae/pki'), { recursive: true });
    expect(message()).not.toContain(hint);
  });

  test('is not without its files', () => {
    rmSync(host.systemDir, { recursive: true });
    expect(message()).toContain('No auraed answers');
    expect(message()).not.toContain(hint);
  });
});

test('a file that cannot be read is an error, not a missing file', () => {
  mkdirSync(join(host.homeDir, '.aurae/config'), { recursive: true });
  expect(() => found()).toThrow(`"${join(host.homeDir, '.aurae/config')}": it is a directory`);
});

test('each setting comes from the first place that gives it', () => {
  const given = fc.record({
    option: fc.boolean(),
    optionFile: fc.boolean(),
    variable: fc.boolean(),
    variableFile: fc.boolean(),
    userFile: fc.boolean(),
    systemFile: fc.boolean(),
  });
  fc.assert(
    fc.property(given, (places) => {
      const file = (name: string, path: string) => write(path, `[system]\nsocket = "/${name}"`);
      rmSync(host.homeDir, { recursive: true, force: true });
      rmSync(host.systemDir, { recursive: true, force: true });
      if (places.userFile) file('userFile', join(host.homeDir, '.aurae/config'));
      if (places.systemFile) file('systemFile', join(host.systemDir, 'etc/aurae/config'));
      const options = {
        socket: places.option ? '/option' : undefined,
        config: places.optionFile ? file('optionFile', join(base, 'option')) : undefined,
      };
      const variables = {
        AURAE_SOCKET: places.variable ? '/variable' : '',
        AURAE_CONFIG: places.variableFile ? file('variableFile', join(base, 'variable')) : undefined,
      };
      const order = ['option', 'optionFile', 'variable', 'variableFile', 'userFile', 'systemFile'] as const;
      const first = order.find((place) => places[place]);
      const expected = first ? `/${first}` : systemSocket();
      expect(found(options, { variables, userId: 0 }).socket).toBe(expected);
    }),
  );
});
