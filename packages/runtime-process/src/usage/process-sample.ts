import { readKernelFile } from './kernel-file.js';

/** What /proc tells of one process, in the units of the kernel. */
export interface ProcessSample {
  readonly pid: number;
  readonly parentPid: number;
  readonly sessionId: number;
  /** Clock ticks that it has run. */
  readonly ownTicks: number;
  /** The same of children that have ended and were waited for, and of theirs. */
  readonly endedChildrenTicks: number;
  readonly threads: number;
  readonly residentPages: number;
}

/** Undefined when there is no such process. */
export function sampleProcess(pid: number): ProcessSample | undefined {
  const stat = readKernelFile(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseProcessSample(stat);
}

/** proc_pid_stat(5). The second field is the name in parentheses, and may itself contain spaces and parentheses. */
export function parseProcessSample(stat: string): ProcessSample | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', lastField);
  if (fields.length < lastField) return undefined;
  const field = (number: number) => Number(fields[number - firstField]);
  return {
    pid: Number.parseInt(stat, 10),
    parentPid: field(4),
    sessionId: field(6),
    ownTicks: field(14) + field(15),
    endedChildrenTicks: field(16) + field(17),
    threads: field(20),
    residentPages: field(24),
  };
}

/** Numbers as the manual page counts them: the first after the name, and how many are looked at. */
const firstField = 3;
const lastField = 24 - firstField + 1;
