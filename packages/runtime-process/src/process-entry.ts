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

/**
 * Undefined when there is no such process, or it is dead and only not yet reaped. Rejects when that cannot be told,
 * for want of descriptors above all.
 */
export async function readProcessEntry(pid: number): Promise<ProcessEntry | undefined> {
  try {
    const entry = parseStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
    if (!entry) return undefined;
    const invocationId = await readInvocationId(pid);
    return invocationId === undefined ? entry : { ...entry, invocationId };
  } catch (error) {
    return undefinedIf(error, gone);
  }
}

/** Whether it is still the same process, alive. Throws when that cannot be told. */
export function isSameProcess(entry: Pick<ProcessEntry, 'pid' | 'startTime'>): boolean {
  try {
    return parseStat(readFileSync(`/proc/${entry.pid}/stat`, 'latin1'))?.startTime === entry.startTime;
  } catch (error) {
    return undefinedIf(error, gone) ?? false;
  }
}

const gone = ['ENOENT', 'ESRCH'];
const goneOrNotOurs = [...gone, 'EACCES', 'EPERM'];

function undefinedIf(error: unknown, codes: readonly string[]): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !codes.includes(code)) throw error;
  return undefined;
}

/** proc_pid_stat(5). The second field is the name in parentheses, and may itself contain spaces and parentheses. */
export function parseStat(stat: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, groupId, sessionId] = fields;
  const threadCount = Number(fields[17]);
  const startTime = fields[19];
  if (startTime === undefined || state === 'X') return undefined;
  // Of a process whose main thread has ended before the others, it is that thread which is shown.
  if (state === 'Z' && threadCount <= 1) return undefined;
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
  } catch (error) {
    return undefinedIf(error, goneOrNotOurs);
  }
}
