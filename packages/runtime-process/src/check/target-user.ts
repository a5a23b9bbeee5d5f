import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
import { type Accounts, readAccounts } from './accounts.js';

/** As whom a program would run. */
export type TargetUser =
  /** As whoever runs this: access(2) tells what they may do. */
  | { readonly kind: 'own' }
  | Identity
  /** What they may do cannot be told. */
  | { readonly kind: 'unknown' };

export interface Identity {
  readonly kind: 'other';
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
}

const unknown = { kind: 'unknown' } as const;

/** The user of a spec, found as aurae-exec finds it. Throws `SpawnFailure` where a start would fail for it. */
export async function targetUser(user: string | undefined): Promise<TargetUser> {
  if (user === undefined) return { kind: 'own' };
  const accounts = await readAccounts();
  const found = identityOf(user, accounts);
  if (found === 'nobody') {
    if (accounts.areAll) throw new SpawnFailure(SpawnStep.user, constants.errno.ENOENT);
    return unknown;
  }
  const { uid, gid, name } = found;
  if (uid === process.getuid?.() && gid === process.getgid?.()) return { kind: 'own' };
  await checkPrivileges(uid);
  if (name !== undefined && !accounts.haveAllMembers) return unknown;
  const added = accounts.groups.filter(({ members }) => name !== undefined && members.includes(name));
  return { kind: 'other', uid, groups: new Set([gid, ...added.map((group) => group.gid)]) };
}

interface FoundUser {
  readonly uid: number;
  readonly gid: number;
  /** Undefined when no account has this uid. */
  readonly name: string | undefined;
}

export function identityOf(user: string, { users, groups }: Accounts): FoundUser | 'nobody' {
  const colon = user.indexOf(':');
  const name = colon < 0 ? user : user.slice(0, colon);
  const group = colon < 0 ? undefined : user.slice(colon + 1);
  const number = parseId(name);
  const account = users.find((one) => one.name === name) ?? users.find(({ uid }) => uid === number);
  const gid = group === undefined ? account?.gid : (parseId(group) ?? groups.find((one) => one.name === group)?.gid);
  const uid = account?.uid ?? number;
  return uid === undefined || gid === undefined ? 'nobody' : { uid, gid, name: account?.name };
}

/** (uid_t)-1 means "no change" to the kernel: it is nobody's. */
function parseId(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) < 0xffff_ffff ? Number(text) : undefined;
}

// Bits of capabilities(7).
const setGroups = 1n << 6n;
const setUser = 1n << 7n;

/** Setting the groups takes a privilege, whoever one becomes. */
async function checkPrivileges(uid: number): Promise<void> {
  const needed = uid === process.getuid?.() ? setGroups : setGroups | setUser;
  const status = await readFile('/proc/self/status', 'utf8');
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (effective === undefined || (BigInt(`0x${effective}`) & needed) === needed) return;
  throw new SpawnFailure(SpawnStep.credentials, constants.errno.EPERM);
}
