import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  /** What is its own, and its share of what it has in common with others. */
  readonly proportionalBytes: number;
  /** What would be free if it ended. */
  readonly privateBytes: number;
}

/** See proc(5), /proc/PID/smaps_rollup. */
export function processMemory(pid: number): ProcessMemory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]) * 1024;
  return { proportionalBytes: bytes('Pss'), privateBytes: bytes('Private_Clean') + bytes('Private_Dirty') };
}

export function proportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processMemory(pid).proportionalBytes, 0);
}
