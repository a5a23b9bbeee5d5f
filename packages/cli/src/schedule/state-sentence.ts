import { meta, type schedule } from '@aurae/proto';
import { span } from '../commands/executable-state.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { shownTime } from '../values/shown-time.js';
import type { ScheduledItem } from './scheduled-item.js';
import { hasFailed, lastExitOf, waitsFor } from './workload-state.js';

type State = schedule.ScheduledWorkload;

/** What a workload does now, after its name: `runs as pid 123`. */
export function statePredicate(state: State, nowMs: number): string {
  switch (state.status) {
    case meta.Status.STATUS_ACTIVE:
      return runs(state, nowMs);
    case meta.Status.STATUS_STANDBY:
      return waits(state, nowMs);
    case meta.Status.STATUS_PASSIVE:
      return messageOf(state) || 'is disabled: it does not run until it is enabled again';
    case meta.Status.STATUS_COMPLETE:
      return messageOf(state)
        ? `is down: ${messageOf(state)}`
        : `is done, and need not run again: ${lastEnd(state, nowMs)}`;
    case meta.Status.STATUS_ERROR:
      return `is down and stays down: ${messageOf(state) || lastEnd(state, nowMs)}`;
    default:
      return messageOf(state) || 'is in a state that is not known';
  }
}

/** As a sentence with its subject. */
export function stateSentence(name: string, { state }: Pick<ScheduledItem, 'state'>, nowMs: number): string {
  return `${escapeControlCharacters(name)} ${statePredicate(state, nowMs)}`.replace(/(?<![.!?])$/, '.');
}

function runs(state: State, nowMs: number): string {
  const process = state.proc ? ` as pid ${state.proc.pid}` : '';
  const since = state.startedAtMs > 0n ? ` for ${span(nowMs, state.startedAtMs)}` : '';
  const told = messageOf(state) || (state.ready ? '' : 'not ready yet');
  return [`runs${process}${since}`, ...(told === '' ? [] : [told])].join('; ');
}

/** The daemon's own words go on after the name, too: `waits for "db"`, `is about to start`. */
function waits(state: State, nowMs: number): string {
  if (state.waitingFor.length > 0) return messageOf(state) || `waits for ${waitsFor(state)}`;
  if (state.nextStartAtMs === 0n) return messageOf(state) || 'waits';
  const time = `in ${span(state.nextStartAtMs, nowMs)}, at ${shownTime(Number(state.nextStartAtMs))}`;
  return hasFailed(state) ? `is down, and starts again ${time}: ${lastEnd(state, nowMs)}` : `starts ${time}`;
}

function lastEnd(state: State, nowMs: number): string {
  return state.lastExit ? `it ${lastExitOf(state, nowMs)}` : 'it has not run';
}

function messageOf({ message }: State): string {
  return escapeControlCharacters(message);
}
