import type { BackendLog } from '@aurae/proto';
import { describeEnd, hasFailed, type RunEnd, wasStopped } from './run-end.js';
import type { Workload } from './workload.js';

/** Tells the log, which is the daemon's, what becomes of the executables. Never their arguments or environment. */
export class WorkloadJournal {
  constructor(private readonly log: BackendLog | undefined) {}

  adopted(workloads: readonly Workload[]): void {
    if (workloads.length === 0) return;
    const running = workloads.filter(({ phase }) => phase.kind === 'running').length;
    this.log?.info('Adopted executables', { running, notRunning: workloads.length - running });
  }

  /** It has come into another phase. */
  changed({ spec, phase, record }: Workload): void {
    const { name } = spec;
    switch (phase.kind) {
      case 'running': {
        const restarts = record.restarts === 0 ? {} : { restarts: record.restarts };
        return this.log?.info('Executable started', { name, pid: phase.run.pid, ...restarts });
      }
      case 'waiting':
        return this.log?.warn('Executable ended and is started again', {
          name,
          ...factsOf(phase.end),
          inMs: Math.max(0, phase.nextStartAtMs - Date.now()),
        });
      case 'ended':
        return this.ended(name, phase.end, phase.gaveUpAfter);
    }
  }

  private ended(name: string, end: RunEnd, gaveUpAfter: number | undefined): void {
    const facts = { name, ...factsOf(end), ...(gaveUpAfter === undefined ? {} : { gaveUpAfter }) };
    if (hasFailed(end) && !wasStopped(end)) this.log?.warn('Executable failed', facts);
    else this.log?.info('Executable ended', facts);
  }
}

function factsOf(end: RunEnd) {
  if (end.kind !== 'known') return { reason: describeEnd(end) };
  const { pid, code, signal, oomKilled, stopped } = end.exit;
  return {
    pid,
    ...(signal > 0 ? { signal } : { exitCode: code }),
    ...(oomKilled ? { outOfMemory: true } : {}),
    ...(stopped ? { stopped: true } : {}),
  };
}
