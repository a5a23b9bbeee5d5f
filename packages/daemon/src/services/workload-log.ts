import { abortReason, type CallContext, isAuraeError, type observe } from '@aurae/proto';
import type { WorkloadPulse } from '../observation/workload-pulse.js';
import type { ScheduleEngine } from '../schedule/schedule-engine.js';
import type { ScheduledWorkload } from '../schedule/supervision/scheduled-workload.js';
import type { WorkloadKey } from '../schedule/workload-key.js';

/** What reads the log of one run, or of all that there were. */
export type ReadLog = (
  context: CallContext,
  request: observe.GetWorkloadLogStreamRequest,
) => AsyncIterable<observe.LogBatch>;

/**
 * The log of a workload. Following one that is scheduled goes on from run to run, for as long as there may be another one:
 * nothing is left out between them, and nothing comes twice.
 */
export class WorkloadLog {
  /** The run of the schedule that was there when the last read began. */
  private seenRun: string | undefined;

  constructor(
    private readonly key: WorkloadKey,
    private readonly readLog: ReadLog,
    private readonly schedule: ScheduleEngine,
    private readonly pulse: WorkloadPulse,
  ) {}

  async *read(
    context: CallContext,
    request: observe.GetWorkloadLogStreamRequest,
  ): AsyncGenerator<observe.LogBatch, void, undefined> {
    let next = request;
    for (;;) {
      this.seenRun = this.scheduled?.run?.id;
      try {
        for await (const batch of this.readLog(context, next)) {
          yield batch;
          next = after(next, batch);
        }
      } catch (error) {
        if (!request.follow || !isNotFound(error) || !this.comesAgain) throw error;
      }
      if (!request.follow || !(await this.nextRun(context, Number(request.untilMs)))) return;
    }
  }

  /** False when there is none to be waited for. */
  private async nextRun({ signal }: CallContext, untilMs: number): Promise<boolean> {
    const over = untilMs > 0 ? AbortSignal.any([signal, AbortSignal.timeout(wait(untilMs))]) : signal;
    while (!over.aborted) {
      // Asked for before the look, so that no change falls between the two.
      const changed = this.pulse.next(this.key, over);
      const run = this.scheduled?.run;
      if (run && run.phase === 'running' && run.id !== this.seenRun) return true;
      if (!run && !this.comesAgain) return false;
      await changed;
    }
    if (signal.aborted) throw abortReason(signal);
    return false;
  }

  private get scheduled(): ScheduledWorkload | undefined {
    return this.schedule.supervisor.scheduled(this.key);
  }

  private get comesAgain(): boolean {
    const { scheduled } = this;
    if (!scheduled?.entry.enabled) return false;
    const { kind } = scheduled.plan;
    return scheduled.run !== undefined || kind === 'due' || kind === 'pause' || kind === 'timer';
  }
}

/** The longest that a timer can be set to. */
const longestTimerMs = 2 ** 31 - 1;

function wait(untilMs: number): number {
  return Math.min(Math.max(untilMs - Date.now() + 1, 0), longestTimerMs);
}

function after(
  request: observe.GetWorkloadLogStreamRequest,
  { items, logId }: observe.LogBatch,
): observe.GetWorkloadLogStreamRequest {
  const afterSequence = items.at(-1)?.sequence ?? request.afterSequence;
  return { ...request, afterSequence, logId, tail: 0 };
}

function isNotFound(error: unknown): boolean {
  return isAuraeError(error) && error.reason === 'NOT_FOUND';
}
