import type { schedule } from '@aurae/proto';
import { type Cell, formatColumns } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { localTimes } from '../output/local-times.js';
import type { Style } from '../output/terminal-style.js';
import { nextSteps } from '../schedule/next-steps.js';
import { stateSentence } from '../schedule/state-sentence.js';
import { shownKey, type WorkloadKey } from '../schedule/workload-key.js';
import { marks, workloadState } from '../schedule/workload-state.js';
import { shownTime } from '../values/shown-time.js';
import { span } from './executable-state.js';
import type { ExecutablesView } from './format-executables.js';

const styles: Readonly<Record<string, Style>> = {
  enabled: 'cyan',
  disabled: 'cyan',
  adopted: 'green',
  started: 'green',
  ready: 'green',
  restarting: 'yellow',
  waiting: 'yellow',
  missed: 'yellow',
  stopped: 'cyan',
  'taken-back': 'yellow',
  'gave-up': 'red',
  unwell: 'red',
  'start-failed': 'red',
  'stop-failed': 'red',
};

/** How a workload is, what happened to it, and what one can do about it. */
export function formatHistory(
  key: WorkloadKey,
  { workload: state, entries }: schedule.ShowHistoryResponse,
  view: ExecutablesView,
): string {
  const { paint, width, nowMs } = view;
  const rows = entries.map((entry) => rowOf(entry, nowMs));
  const steps = state ? nextSteps(key, state) : [];
  const nextRows = steps.map(({ command, effect }): Cell[] => [
    { text: `  ${command}` },
    { text: effect, style: 'dim' },
  ]);
  return [
    ...(state ? [headline(key, state, view)] : []),
    ...(rows.length > 0 ? ['', ...formatColumns(rows, paint, width)] : []),
    ...(steps.length > 0 ? ['', paint('bold', 'Next:'), ...formatColumns(nextRows, paint, width)] : []),
  ].join('\n');
}

function headline(key: WorkloadKey, state: schedule.ScheduledWorkload, { paint, nowMs }: ExecutablesView): string {
  const { text, style } = marks[workloadState({ state, spec: undefined }, nowMs).wellness];
  return `${paint(style, text)} ${stateSentence(shownKey(key), { state }, nowMs)}`;
}

function rowOf({ timestampMs, type, message, proc }: schedule.HistoryEntry, nowMs: number): Cell[] {
  // The message may begin with what the type says already.
  const news = message.startsWith(`${type} `) ? message.slice(type.length + 1) : message;
  const told = localTimes(escapeControlCharacters(news), nowMs);
  const pid = proc && !told.includes(String(proc.pid)) ? [`(pid ${proc.pid})`] : [];
  return [
    { text: shownTime(Number(timestampMs)), style: 'dim' },
    { text: `${span(nowMs, timestampMs)} ago`, style: 'dim' },
    { text: escapeControlCharacters(type), style: styles[type] },
    { text: [told, ...pid].join(' ') },
  ];
}
