import type { ProcessEntry } from './process-entry.js';

/** What a command's processes have in common. */
export interface TreeRoot {
  /**
   * Of the main process, which began as leader of a session and a group of that number. Undefined where that number may
   * be another's by now: members are known by the invocation id alone then.
   */
  readonly pid: number | undefined;
  readonly invocationId: string;
  /** Whether the main process is known to have been reaped: then its pid may belong to another process. */
  readonly reaped: boolean;
  /** Pids in its cgroup, looked at after the processes were listed: a pid is then that of the process listed, or nobody's. */
  readonly members?: ReadonlySet<number>;
}

/**
 * All live processes of a command: those in its cgroup, its session or its process group, those that carry its invocation
 * id, and all descendants of these. A process escapes only by leaving on all ways at once; the cgroup only root leaves.
 */
export function processTree(root: TreeRoot, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const number = ownNumber(root, entries);
  const isMember = (entry: ProcessEntry) =>
    entry.invocationId === root.invocationId ||
    root.members?.has(entry.pid) ||
    (number !== undefined && (entry.pid === number || entry.sessionId === number || entry.groupId === number));
  const children = childrenByParent(entries);
  const tree = new Map<number, ProcessEntry>();
  const add = (entry: ProcessEntry): void => {
    if (tree.has(entry.pid)) return;
    tree.set(entry.pid, entry);
    for (const child of children.get(entry.pid) ?? []) add(child);
  };
  for (const entry of entries) if (isMember(entry)) add(entry);
  return [...tree.values()];
}

/** 0 is nobody's: in a pid namespace it is how sessions and groups from outside look. */
function ownNumber({ pid, reaped }: TreeRoot, entries: readonly ProcessEntry[]): number | undefined {
  if (pid === undefined || pid <= 0) return undefined;
  // A session keeps its number while it has members, so that another process of that pid means: ours is gone.
  return reaped && entries.some((entry) => entry.pid === pid) ? undefined : pid;
}

function childrenByParent(entries: readonly ProcessEntry[]): Map<number, ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries) {
    const siblings = children.get(entry.parentPid);
    if (siblings) siblings.push(entry);
    else children.set(entry.parentPid, [entry]);
  }
  return children;
}
