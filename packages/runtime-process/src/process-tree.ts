import type { ProcessEntry } from './process-entry.js';

/** What a command's processes have in common. */
export interface TreeRoot {
  /** Of the main process, which began as leader of a session and a group of that number. */
  readonly pid: number;
  readonly invocationId: string;
  /** Whether the main process is known to have been reaped: then its pid may belong to another process. */
  readonly reaped: boolean;
}

/**
 * All live processes of a command: those in its session or its process group, those that carry its invocation id,
 * and all descendants of these. A process escapes only by leaving on all four ways at once.
 */
export function processTree(root: TreeRoot, entries: readonly ProcessEntry[]): ProcessEntry[] {
  // A session keeps its number while it has members, so that another process of that pid means: ours is gone.
  const numberReused = root.reaped && entries.some((entry) => entry.pid === root.pid);
  const isMember = (entry: ProcessEntry) =>
    entry.invocationId === root.invocationId ||
    (!numberReused && (entry.pid === root.pid || entry.sessionId === root.pid || entry.groupId === root.pid));
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

function childrenByParent(entries: readonly ProcessEntry[]): Map<number, ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries) {
    const siblings = children.get(entry.parentPid);
    if (siblings) siblings.push(entry);
    else children.set(entry.parentPid, [entry]);
  }
  return children;
}
