import { type Stats, constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Identity, TargetUser } from './target-user.js';

/** Name of the errno with which something would fail; undefined when it would not, or when that cannot be told. */
export type Obstacle = string | undefined;

/** What keeps the user from entering an absolute path. */
export function directoryObstacle(path: string, user: TargetUser): Promise<Obstacle> {
  return obstacle(path, user, (found) => (found.isDirectory() ? undefined : 'ENOTDIR'));
}

/** What keeps the user from executing an absolute path, apart from what is in the file. */
export function executableObstacle(path: string, user: TargetUser): Promise<Obstacle> {
  return obstacle(path, user, (found) => (found.isFile() && (found.mode & 0o111) !== 0 ? undefined : 'EACCES'));
}

async function obstacle(path: string, user: TargetUser, kindObstacle: (found: Stats) => Obstacle): Promise<Obstacle> {
  let isFound = false;
  try {
    const found = await stat(path);
    isFound = true;
    const wrongKind = kindObstacle(found);
    if (wrongKind !== undefined) return wrongKind;
    if (user.kind === 'own') await access(path, constants.X_OK);
    return user.kind === 'other' && !(await mayReach(path, found, user)) ? 'EACCES' : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another user may go where root may not: think of FUSE, and of NFS.
    if (user.kind !== 'own' && (isFound || code === 'EACCES')) return undefined;
    return code;
  }
}

/** By the mode bits; access lists, which may say otherwise, are not looked at. */
async function mayReach(path: string, found: Stats, user: Identity): Promise<boolean> {
  const directories = new Set([...parentsOf(path), ...parentsOf(await realpath(path))]);
  for (const directory of directories) {
    if (!maySearchOrExecute(await stat(directory), user)) return false;
  }
  return maySearchOrExecute(found, user);
}

/** From the root on. */
function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}

/** The execute bit that counts is that of the first class which the user belongs to: path_resolution(7). */
function maySearchOrExecute({ mode, uid, gid }: Stats, user: Identity): boolean {
  if (user.uid === 0) return true;
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return (mode & (user.groups.has(gid) ? 0o010 : 0o001)) !== 0;
}
