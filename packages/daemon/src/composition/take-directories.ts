import { join } from 'node:path';
import { DirectoryLock } from '../lifecycle/directory-lock.js';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import { ensurePrivateDirectory } from '../lifecycle/private-directory.js';
import { type DaemonSettings, ownedDirectories, socketDirectory } from './daemon-settings.js';

/** Makes the daemon's directories, and locks them and the socket's path against a second daemon. */
export async function takeDirectories(settings: DaemonSettings, owned: DisposalStack): Promise<void> {
  const directories = ownedDirectories(settings);
  for (const directory of new Set([...directories, socketDirectory(settings)])) ensurePrivateDirectory(directory);
  const locks = [
    ...directories.map((directory) => [join(directory, 'lock'), `the directory "${directory}"`] as const),
    [`${settings.paths.socket}.lock`, `the socket "${settings.paths.socket}"`] as const,
  ];
  for (const [path, protects] of locks) {
    const lock = await DirectoryLock.acquire(path, protects);
    owned.defer(`the lock "${path}"`, () => lock[Symbol.asyncDispose]());
  }
}
