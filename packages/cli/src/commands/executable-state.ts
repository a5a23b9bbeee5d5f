import { meta, type runtime } from '@aurae/proto';
import type { Cell } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Style } from '../output/terminal-style.js';
import { formatDuration } from '../values/duration.js';
import { nameOfSignal } from '../values/signal-name.js';

/** What tells how a workload ended. */
export interface End {
  readonly outOfMemory: boolean;
  readonly signal: number;
  readonly exitCode: string;
  readonly status?: meta.Status;
}

/** How a workload ended, in few words: `exited (1)`. */
export function endOf({ outOfMemory, signal, exitCode, status }: End): string {
  if (outOfMemory) return 'out of memory';
  if (signal > 0) return `killed (${nameOfSignal(signal)})`;
  if (exitCode !== '') return `exited (${escapeControlCharacters(exitCode)})`;
  return status === meta.Status.STATUS_ERROR ? 'failed' : 'unknown';
}

/** What an executable does now, for a person: `up 3m`. */
export function stateOf(status: runtime.ExecutableStatus, nowMs: number): Cell {
  switch (status.status) {
    case meta.Status.STATUS_ACTIVE:
      return { text: status.startedAtMs > 0n ? `up ${span(nowMs, status.startedAtMs)}` : 'up', style: 'green' };
    case meta.Status.STATUS_STANDBY: {
      const isRestarting = status.nextStartAtMs > 0n;
      const text = isRestarting ? `restarting in ${span(status.nextStartAtMs, nowMs)}` : 'waiting';
      return { text, style: 'yellow' };
    }
    case meta.Status.STATUS_PASSIVE:
      return { text: 'disabled', style: 'dim' };
    case meta.Status.STATUS_COMPLETE:
      return { text: endWithTime(status, nowMs), style: styleOfEnd(status) };
    case meta.Status.STATUS_ERROR: {
      const end = endWithTime(status, nowMs);
      return { text: end.startsWith('failed') ? end : `failed: ${end}`, style: 'red' };
    }
    default:
      return { text: 'unknown', style: 'yellow' };
  }
}

function endWithTime(status: runtime.ExecutableStatus, nowMs: number): string {
  return status.endedAtMs > 0n ? `${endOf(status)} ${span(nowMs, status.endedAtMs)} ago` : endOf(status);
}

function styleOfEnd(status: runtime.ExecutableStatus): Style | undefined {
  if (status.outOfMemory) return 'red';
  return status.exitCode === '0' ? 'dim' : 'yellow';
}

/** The clocks of two machines differ: never less than nothing. */
export function span(later: number | bigint, earlier: number | bigint): string {
  return formatDuration(Number(later) - Number(earlier));
}
