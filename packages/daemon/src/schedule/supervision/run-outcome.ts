import { type backend, meta } from '@aurae/proto';
import type { RunOutcome } from '../store/schedule-store.js';

/** How a run ended, as its backend tells it; without an event nobody knows. */
export function outcomeOf(event: backend.WorkloadEvent | undefined, nowMs: number): RunOutcome {
  if (!event) {
    return { endedAtMs: nowMs, exitCode: '', signal: 0, outOfMemory: false, message: 'How it ended is not known.' };
  }
  const { exitCode, signal, outOfMemory, message, timestampMs } = event;
  const outcome = { endedAtMs: Number(timestampMs) || nowMs, exitCode, signal, outOfMemory, message };
  return event.stopped ? { ...outcome, stopped: true } : outcome;
}

/** Otherwise than with exit code 0. */
export function hasFailed({ exitCode }: RunOutcome): boolean {
  return exitCode !== '0';
}

/** For a person, after "it": `exited with 1`. */
export function howItEnded({ exitCode, signal, outOfMemory, message }: RunOutcome): string {
  if (outOfMemory) return 'was ended by the out-of-memory killer';
  if (signal > 0) return `was ended by signal ${signal}`;
  if (exitCode !== '') return `exited with ${exitCode}`;
  return message === '' ? 'ended, and nobody knows how' : `ended: ${message}`;
}

/** Whether its run lives, as the event tells. Also one that its backend is to start again. */
export function isLiving({ status, removed }: backend.WorkloadEvent): boolean {
  if (removed) return false;
  return status === meta.Status.STATUS_ACTIVE || status === meta.Status.STATUS_STANDBY;
}
