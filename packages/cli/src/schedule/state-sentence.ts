import { meta, type schedule } from '@aurae/proto';
import { span } from '../commands/executable-state.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { ScheduledItem } from './scheduled-item.js';
import { isPausing, lastExitOf, waitsFor } from './workload-state.js';

type State = schedule.ScheduledWorkload;

/** What a workload does now, as it follows its name: `runs as pid 123`. */
function statePredicate(state: State, nowMs: number): string {
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
      return failed(state, nowMs);
    default:
      return messageOf(state) || 'is in a state that is not known';
  }
}

/** As a sentence with its subject: `web runs as pid 123.`, `web: its last run failed.` */
export function stateSentence(name: string, { state }: Pick<ScheduledItem, 'state'>, nowMs: number): string {
  const predicate = statePredicate(state, nowMs);
  const joint = /^its /.test(predicate) ? ': ' : ' ';
  return `${escapeControlCharacters(name)}${joint}${predicate}`.replace(/(?<![.!?])$/, '.');
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
  return isPausing(state) ? pauses(state, nowMs) : `starts in ${span(state.nextStartAtMs, nowMs)}`;
}

/** `could not be started: …; tries again in 1s` */
function pauses(state: State, nowMs: number): string {
  const why = messageOf(state).replace(/^restarted by its policy: /, '');
  const again = `${/could not/.test(why) ? 'tries' : 'starts'} again in ${span(state.nextStartAtMs, nowMs)}`;
  return why.startsWith('it ')
    ? `${why.slice(3)}; ${again}`
    : `waits (${why}); tries again in ${span(state.nextStartAtMs, nowMs)}`;
}

/** With a start ahead it does not stay down. */
function failed(state: State, nowMs: number): string {
  const reason = messageOf(state) || lastEnd(state, nowMs);
  if (state.nextStartAtMs === 0n) return `is down and stays down: ${reason}`;
  return `its last run failed: ${reason.replace(/^it /, '')}; next start in ${span(state.nextStartAtMs, nowMs)}`;
}

function lastEnd(state: State, nowMs: number): string {
  if (!state.lastExit) return 'it has not run';
  return `it ${state.lastExit.stopped ? 'was ' : ''}${lastExitOf(state, nowMs)}`;
}

function messageOf({ message }: State): string {
  return escapeControlCharacters(message);
}
