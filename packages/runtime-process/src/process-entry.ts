import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { invocationVariable } from './command-environment.js';

/** A process as /proc shows it. The pid alone may be reused; the pid with the start time is not. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Clock ticks since boot, as text: only ever compared. */
  readonly startTime: string;
  /** Of the command that it was started for. */
  readonly invocationId?: string;
}

/** Undefined when there is no such process, or it is dead and only not yet reaped. */
export async function readProcessEntry(pid: number): Promise<ProcessEntry | undefined> {
  try {
    const entry = parseStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
    if (!entry) return undefined;
    const invocationId = await readInvocationId(pid);
    return invocationId === undefined ? entry : { ...entry, invocationId };
  } catch {
    return undefined;
  }
}

/** Whether it is still the same process, alive. */
export function isSameProcess(entry: ProcessEntry): boolean {
  try {
    return parseStat(readFileSync(`/proc/${entry.pid}/stat`, 'latin1'))?.startTime === entry.startTime;
  } catch {
    return false;
  }
}

/** proc_pid_stat(5). The second field is the name in parentheses, and may itself contain spaces and parentheses. */
export function parseStat(stat: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, groupId, sessionId] = fields;
  const startTime = fields[19];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return {
    pid: Number.parseInt(stat, 10),
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startTime,
  };
}

const marker = `${invocationVariable}=`;

async function readInvocationId(pid: number): Promise<string | undefined> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    return environment
      .split('\0')
      .find((variable) => variable.startsWith(marker))
      ?.slice(marker.length);
  } catch {
    // Not ours to read, or just gone.
    return undefined;
  }
}
