import type { schedule } from '@aurae/proto';
import { type Cell, formatColumns, minimumLastWidth } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { localTimes } from '../output/local-times.js';
import type { Style } from '../output/terminal-style.js';
import { wrapWords } from '../output/wrap-words.js';
import { nextSteps } from '../schedule/next-steps.js';
import { specFacts } from '../schedule/spec-facts.js';
import { stateSentence } from '../schedule/state-sentence.js';
import { shownKey, type WorkloadKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { marks, workloadState } from '../schedule/workload-state.js';
import { shownTime } from '../values/shown-time.js';
import { localZone } from '../values/zoned-time.js';
import { span } from './executable-state.js';
import type { ExecutablesView } from './format-executables.js';
import { type CountedEntry, lastEntries } from './history-entries.js';

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

export interface HistoryView extends ExecutablesView {
  /** How many entries to show at most. */
  readonly most: number;
}

/** How a workload is, what it is to be, what happened to it, and what one can do about it. */
export function formatHistory(
  key: WorkloadKey,
  { workload: state, entries, record }: schedule.ShowHistoryResponse,
  view: HistoryView,
): string {
  const { paint, width } = view;
  const spec = record?.workload;
  const steps = state ? nextSteps(key, state) : [];
  const nextRows = steps.map(({ command, effect }): Cell[] => [
    { text: `  ${command}` },
    { text: effect, style: 'dim' },
  ]);
  return [
    ...(state ? headline(key, state, spec, view) : []),
    ...(spec ? factLines(spec, Number(state?.nextStartAtMs ?? 0n), view) : []),
    ...historyLines(entries, view),
    ...(steps.length > 0 ? ['', paint('bold', 'Next:'), ...formatColumns(nextRows, paint, width)] : []),
  ].join('\n');
}

/** Words stay whole: they may be copied. */
function headline(
  key: WorkloadKey,
  state: schedule.ScheduledWorkload,
  spec: WorkloadSpec | undefined,
  { paint, width = Number.POSITIVE_INFINITY, nowMs }: ExecutablesView,
): string[] {
  const { text, style } = marks[workloadState({ state, spec }, nowMs).wellness];
  const lines = wrapWords(stateSentence(shownKey(key), { state }, nowMs), Math.max(minimumLastWidth, width - 2), true);
  return lines.map((line, index) => `${index === 0 ? paint(style, text) : ' '} ${line}`);
}

function factLines(spec: WorkloadSpec, nextStartAtMs: number, { paint, width }: ExecutablesView): string[] {
  const rows = specFacts(spec, nextStartAtMs).map(([name, value]): Cell[] => [
    { text: `  ${name}`, style: 'dim' },
    { text: escapeControlCharacters(value) },
  ]);
  return formatColumns(rows, paint, width);
}

function historyLines(all: readonly schedule.HistoryEntry[], { paint, width, nowMs, most }: HistoryView): string[] {
  if (all.length === 0) return [];
  const { entries, earlier } = lastEntries(all, most);
  const left = earlier === 1 ? '1 earlier entry' : `${earlier} earlier entries`;
  return [
    '',
    paint('dim', `Times in ${localZone()}:`),
    ...(earlier > 0 ? [paint('dim', `… ${left}: --all`)] : []),
    ...formatColumns(
      entries.map((entry) => rowOf(entry, nowMs)),
      paint,
      width,
    ),
  ];
}

function rowOf({ entry: { timestampMs, type, message, proc }, count }: CountedEntry, nowMs: number): Cell[] {
  // The message may begin with what the type says already.
  const news = message.startsWith(`${type} `) ? message.slice(type.length + 1) : message;
  const told = localTimes(escapeControlCharacters(news), nowMs);
  const pid = proc && !told.includes(String(proc.pid)) ? [`(pid ${proc.pid})`] : [];
  const times = count > 1 ? [`(${count} times)`] : [];
  return [
    { text: shownTime(Number(timestampMs)), style: 'dim' },
    { text: `${span(nowMs, timestampMs)} ago`, style: 'dim' },
    { text: escapeControlCharacters(type), style: styles[type] },
    { text: [told, ...pid, ...times].join(' ') },
  ];
}
