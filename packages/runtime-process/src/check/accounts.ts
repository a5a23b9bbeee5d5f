import { readFile, stat } from 'node:fs/promises';

/** An account of passwd(5). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A group of group(5). */
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** What the files of this host say of users and groups. Directory services, which nsswitch.conf(5) may name, are not asked. */
export interface Accounts {
  readonly users: readonly Account[];
  readonly groups: readonly Group[];
  /** Nobody else knows of a user or a group that is not among these. */
  readonly areAll: boolean;
  /** Nobody else adds members to these groups. */
  readonly haveAllMembers: boolean;
}

export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  readonly nameServices: string;
  /** There while systemd answers for users of its own making. */
  readonly systemdUsers: string;
}

export const hostAccountFiles: AccountFiles = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  nameServices: '/etc/nsswitch.conf',
  systemdUsers: '/run/systemd/userdb',
};

export async function readAccounts(files: AccountFiles = hostAccountFiles): Promise<Accounts> {
  const [users, groups, services, systemd] = await Promise.all([
    textOf(files.passwd),
    textOf(files.group),
    textOf(files.nameServices),
    stat(files.systemdUsers).then(
      () => true,
      () => false,
    ),
  ]);
  const sources = [...sourcesOf(services, 'passwd'), ...sourcesOf(services, 'group')];
  // For the accounts of files, systemd knows no further groups.
  const others = sources.filter((source) => !['files', 'compat', 'systemd'].includes(source));
  return {
    users: users.split('\n').flatMap(parseAccount),
    groups: groups.split('\n').flatMap(parseGroup),
    areAll: others.length === 0 && !(systemd && sources.includes('systemd')),
    haveAllMembers: others.length === 0,
  };
}

/** Without the actions in brackets, which only say how sources follow each other. */
function sourcesOf(services: string, database: string): string[] {
  for (const line of services.split('\n')) {
    const [, key, sources = ''] = /^\s*(\w+)\s*:([^#]*)/.exec(line) ?? [];
    if (key === database) return sources.replace(/\[[^\]]*\]/g, ' ').match(/\S+/g) ?? [];
  }
  return [];
}

function parseAccount(line: string): Account[] {
  const [name = '', , uid = '', gid = ''] = line.split(':');
  return name !== '' && /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
}

function parseGroup(line: string): Group[] {
  const [name = '', , gid = '', members = ''] = line.split(':');
  if (name === '' || !/^\d+$/.test(gid)) return [];
  return [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }];
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
