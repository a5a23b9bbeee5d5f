import { meta, type schedule } from '@aurae/proto';
import { endOf, span } from '../commands/executable-state.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Style } from '../output/terminal-style.js';
import type { ScheduledItem } from './scheduled-item.js';
import { keyOfReference, shownKey, type WorkloadSpec } from './workload-key.js';

/** At a glance. */
export type Wellness = 'well' | 'waiting' | 'failed' | 'done' | 'disabled';

export interface WorkloadState {
  readonly wellness: Wellness;
  /** In few words: `up 3m`. */
  readonly text: string;
}

/** They differ in shape, too: not everybody sees colours. */
export const marks: Readonly<Record<Wellness, { readonly text: string; readonly style: Style }>> = {
  well: { text: '●', style: 'green' },
  waiting: { text: '◐', style: 'yellow' },
  failed: { text: '✗', style: 'red' },
  done: { text: '○', style: 'dim' },
  disabled: { text: '○', style: 'dim' },
};

type Stated = Pick<ScheduledItem, 'state' | 'spec'>;

/** How a scheduled workload is, for a person. */
export function workloadState({ state, spec }: Stated, nowMs: number): WorkloadState {
  switch (state.status) {
    case meta.Status.STATUS_ACTIVE:
      return runningState(state, nowMs);
    case meta.Status.STATUS_STANDBY:
      return standbyState({ state, spec }, nowMs);
    case meta.Status.STATUS_PASSIVE:
      return { wellness: 'disabled', text: 'disabled' };
    case meta.Status.STATUS_COMPLETE:
      return completeState(state, nowMs);
    case meta.Status.STATUS_ERROR:
      return { wellness: 'failed', text: `failed: ${failureOf(state) || reasonOf(state, nowMs)}` };
    default:
      return { wellness: 'failed', text: 'unknown' };
  }
}

/** `exited (1) 3m ago`, or `-` for what has not ended yet. */
export function lastExitOf(state: schedule.ScheduledWorkload, nowMs: number): string {
  if (!state.lastExit) return '-';
  return `${state.lastExit.stopped ? 'stopped' : endOf(state.lastExit)}${agoOf(state, nowMs)}`;
}

/** Whether the last run ended by itself, and as one would not want it to. */
export function hasFailed({ lastExit }: schedule.ScheduledWorkload): boolean {
  if (!lastExit || lastExit.stopped) return false;
  return lastExit.exitCode !== '0' || lastExit.outOfMemory || lastExit.signal > 0;
}

/** Whether it is in a pause before a start by its policy, or after one for which the node was short of something. */
export function isPausing({ status, nextStartAtMs, message }: schedule.ScheduledWorkload): boolean {
  const isOther = message === '' || /^(?:waits for|is) /.test(message);
  return status === meta.Status.STATUS_STANDBY && nextStartAtMs > 0n && !isOther;
}

/** `db, container/cache` */
export function waitsFor({ waitingFor }: schedule.ScheduledWorkload): string {
  const keys = waitingFor.flatMap((reference) => keyOfReference(reference) ?? []);
  return escapeControlCharacters(keys.map(shownKey).join(', '));
}

function runningState(state: schedule.ScheduledWorkload, nowMs: number): WorkloadState {
  const since = state.startedAtMs > 0n ? ` ${span(nowMs, state.startedAtMs)}` : '';
  return state.ready ? { wellness: 'well', text: `up${since}` } : { wellness: 'waiting', text: `not ready${since}` };
}

function standbyState({ state, spec }: Stated, nowMs: number): WorkloadState {
  if (state.waitingFor.length > 0) return { wellness: 'waiting', text: `waits for ${waitsFor(state)}` };
  if (state.nextStartAtMs === 0n) {
    return { wellness: 'waiting', text: escapeControlCharacters(state.message) || 'waiting' };
  }
  const time = span(state.nextStartAtMs, nowMs);
  const isRestart = isPausing(state) || (spec ? !hasTimer(spec) : hasFailed(state));
  if (isRestart) return { wellness: 'waiting', text: `restarting in ${time}` };
  return { wellness: hasFailed(state) ? 'failed' : 'well', text: `next in ${time}` };
}

/** Its beat is its timer's: what it waits for is not a restart. */
function hasTimer({ value }: WorkloadSpec): boolean {
  return value.criteria?.timer !== undefined;
}

/** What somebody has stopped says so. */
function completeState(state: schedule.ScheduledWorkload, nowMs: number): WorkloadState {
  const [reason = ''] = escapeControlCharacters(state.message).split('; ');
  if (reason !== '') return { wellness: 'done', text: reason };
  if (hasFailed(state)) return { wellness: 'failed', text: lastExitOf(state, nowMs) };
  return { wellness: 'done', text: `done${agoOf(state, nowMs)}` };
}

/** Why it failed, in the daemon's words: how often that was is in a column of its own. */
function failureOf({ message, lastExit }: schedule.ScheduledWorkload): string {
  const [, last = message] = /^\d+ restarts in a row did not help; it last (.*)$/s.exec(message) ?? [];
  const reason = escapeControlCharacters(last.replace(/^it /, ''));
  // The time of that is worth more than the words.
  return lastExit && !lastExit.stopped && reason === `exited with ${lastExit.exitCode}` ? '' : reason;
}

function reasonOf(state: schedule.ScheduledWorkload, nowMs: number): string {
  return state.lastExit ? lastExitOf(state, nowMs) : 'no reason given';
}

function agoOf({ lastExit }: schedule.ScheduledWorkload, nowMs: number): string {
  return lastExit && lastExit.endedAtMs > 0n ? ` ${span(nowMs, lastExit.endedAtMs)} ago` : '';
}
