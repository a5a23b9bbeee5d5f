import { meta, type schedule } from '@aurae/proto';

/** What is true of a workload after a decision, for a person, after its name: `runs as pid 123`. */
export function outcomeMessage(state: schedule.ScheduledWorkload): string {
  const { status, message, proc, nextStartAtMs, lastExit } = state;
  switch (status) {
    case meta.Status.STATUS_ACTIVE:
      return [`runs as pid ${proc?.pid ?? 0}`, ...(message ? [message] : [])].join('; ');
    case meta.Status.STATUS_STANDBY:
      return nextStartAtMs > 0n ? `next start at ${new Date(Number(nextStartAtMs)).toISOString()}` : message;
    case meta.Status.STATUS_COMPLETE:
      return message || `has run and ended${lastExit?.exitCode ? ` with exit code ${lastExit.exitCode}` : ''}`;
    case meta.Status.STATUS_ERROR:
      return `stays down: ${message}`;
    case meta.Status.STATUS_PASSIVE:
      return message || 'is disabled';
    default:
      return message;
  }
}
