import type { CaseName } from './case-names.js';
import type { Plan, Sample } from './measure.js';
import { processCpuMs } from './process-cpu.js';
import { percentile } from './statistics.js';
import type { Subject } from './subject.js';

/** What one case showed in one round. */
export interface CaseRound {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly callsPerSecond: number;
  /** Processor time at concurrency 16; undefined where there is no such process. */
  readonly callerCpuMs: number | undefined;
  readonly serverCpuMs: number | undefined;
}

/** For each case its rounds, in order. */
export type Rounds = ReadonlyMap<CaseName, readonly CaseRound[]>;

export const parallelCalls = 16;
/** Keeps a whole run below two minutes, whatever the machine does. */
const limitMs = 1_000;
const warmUp: Plan = { concurrency: parallelCalls, calls: 4_000, limitMs: 2_500 };

export async function runRounds(subjects: readonly Subject[], rounds: number, calls: number): Promise<Rounds> {
  const results = new Map<CaseName, CaseRound[]>(subjects.map(({ name }) => [name, []]));
  for (const subject of subjects) {
    await subject.run(warmUp);
    signal(subject, 'SIGSTOP');
  }
  for (let round = 0; round < rounds; round++) {
    // Every round begins with another case, so that none always follows the same one.
    const shift = round % Math.max(subjects.length, 1);
    for (const subject of [...subjects.slice(shift), ...subjects.slice(0, shift)]) {
      signal(subject, 'SIGCONT');
      results.get(subject.name)?.push(await runCase(subject, calls));
      signal(subject, 'SIGSTOP');
    }
  }
  return results;
}

/**
 * Only the case that is measured runs: a process that waits with a heap of 1 GB uses its spare time to collect garbage,
 * and takes the processors from the others.
 */
function signal({ callerPid, serverPid }: Subject, name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of [serverPid, callerPid]) if (pid !== undefined) process.kill(pid, name);
}

async function runCase(subject: Subject, calls: number): Promise<CaseRound> {
  const alone = await subject.run({ concurrency: 1, calls, limitMs });
  const callerBefore = cpuOf(subject.callerPid);
  const serverBefore = cpuOf(subject.serverPid);
  const together = await subject.run({ concurrency: parallelCalls, calls, limitMs });
  return {
    p50Ms: percentile(alone.latenciesMs, 50),
    p99Ms: percentile(alone.latenciesMs, 99),
    callsPerSecond: (together.latenciesMs.length / together.elapsedMs) * 1_000,
    callerCpuMs: perCall(callerBefore, cpuOf(subject.callerPid), together),
    serverCpuMs: perCall(serverBefore, cpuOf(subject.serverPid), together),
  };
}

function cpuOf(pid: number | undefined): number | undefined {
  return pid === undefined ? undefined : processCpuMs(pid);
}

function perCall(before: number | undefined, after: number | undefined, { latenciesMs }: Sample): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / latenciesMs.length;
}
