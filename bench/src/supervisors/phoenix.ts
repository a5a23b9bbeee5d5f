import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A program that is ended again and again, and writes down when it begins. */

/** `/bin/bash` and these arguments: each run adds the seconds since the epoch and its pid to the file. */
export function phoenixArguments(file: string): readonly [string, string] {
  return ['-c', `echo "$EPOCHREALTIME $$" >> ${file}; exec sleep 100000`];
}

interface Run {
  readonly beganAtMs: number;
  readonly pid: number;
}

const pollMs = 1;
const limitMs = 30_000;

/** Milliseconds from KILL to the begin of the next run, several times; the first run is awaited. */
export async function measureRestarts(file: string, times: number): Promise<number[]> {
  let last = await runAfter(file, 0);
  const elapsed: number[] = [];
  for (let count = 1; count <= times; count++) {
    const killedAtMs = performance.timeOrigin + performance.now();
    process.kill(last.pid, 'SIGKILL');
    last = await runAfter(file, count);
    elapsed.push(last.beganAtMs - killedAtMs);
  }
  return elapsed;
}

/** Of the run that has begun last; undefined when there was none. */
export function lastPid(file: string): number | undefined {
  const line = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) : undefined;
  return Number(line?.split(' ')[1]) || undefined;
}

async function runAfter(file: string, earlierRuns: number): Promise<Run> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    const [seconds, pid] = lines[earlierRuns]?.split(' ') ?? [];
    if (seconds !== undefined) return { beganAtMs: Number(seconds.replace(',', '.')) * 1_000, pid: Number(pid) };
    if (performance.now() > limit) throw new Error(`it was not started again within ${limitMs / 1_000} s`);
    await delay(pollMs);
  }
}
