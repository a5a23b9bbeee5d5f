import { type Cell, formatColumns, gap, minimumLastWidth } from '../output/columns.js';
import { cutShort } from '../output/cut-short.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { span } from './executable-state.js';
import type { ScheduledItem } from '../schedule/scheduled-item.js';
import { shownKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { lastExitOf, marks, type Wellness, workloadState } from '../schedule/workload-state.js';
import { quoteCommand } from '../shell-quote.js';
import type { ExecutablesView } from './format-executables.js';

interface Column {
  readonly title: string;
  readonly cells: readonly Cell[];
}

/** Enough for the header, and for most names. */
const minimumNameWidth = 12;
/** Enough for `failed: exited (1) 3m 12s ago`; a wide terminal has room for more of a reason. */
const minimumStateWidth = 30;
const stateShare = 1 / 3;
/** What a narrow terminal does without, the first one first: `aurae why` tells it, too. */
const dispensable = ['LAST EXIT', 'NEXT START', 'RESTARTS', 'PID'];

/** A table with a line for each workload. */
export function formatSchedule(items: readonly ScheduledItem[], { paint, width, nowMs }: ExecutablesView): string {
  const all = columnsOf(items, nowMs, width);
  const columns = width === undefined ? all : cutNames(fittingColumns(all, width), width);
  const header = columns.map(({ title }): Cell => ({ text: title, style: 'bold' }));
  const rows = items.map((_, row) => columns.map(({ cells }) => cells[row] as Cell));
  return formatColumns([header, ...rows], paint, width, cutShort).join('\n');
}

/** `5 well, 1 waiting, 1 failed` */
export function summaryOf(items: readonly ScheduledItem[], nowMs: number): string {
  const counts = new Map<Wellness, number>();
  for (const item of items) {
    const { wellness } = workloadState(item, nowMs);
    counts.set(wellness, (counts.get(wellness) ?? 0) + 1);
  }
  return (Object.keys(marks) as Wellness[])
    .flatMap((wellness) => (counts.has(wellness) ? [`${counts.get(wellness)} ${wellness}`] : []))
    .join(', ');
}

function columnsOf(items: readonly ScheduledItem[], nowMs: number, width: number | undefined): Column[] {
  const states = items.map((item) => workloadState(item, nowMs));
  const stateWidth = Math.max(minimumStateWidth, Math.floor((width ?? Number.POSITIVE_INFINITY) * stateShare));
  const fit = (text: string) => cutShort(text, stateWidth).join('');
  return [
    { title: '', cells: states.map(({ wellness }) => marks[wellness]) },
    { title: 'NAME', cells: items.map(({ key }) => plain(escapeControlCharacters(shownKey(key)))) },
    { title: 'STATE', cells: states.map(({ wellness, text }) => ({ text: fit(text), style: marks[wellness].style })) },
    { title: 'PID', cells: items.map(({ state }) => plain(state.proc ? String(state.proc.pid) : '-')) },
    { title: 'RESTARTS', cells: items.map(({ state }) => plain(String(state.restarts))) },
    { title: 'LAST EXIT', cells: items.map(({ state }) => plain(lastExitOf(state, nowMs))) },
    { title: 'NEXT START', cells: items.map(({ state }) => plain(nextStart(state.nextStartAtMs, nowMs))) },
    { title: 'WHAT', cells: items.map(({ spec }) => plain(escapeControlCharacters(whatOf(spec)))) },
  ];
}

function plain(text: string): Cell {
  return { text };
}

function nextStart(atMs: bigint, nowMs: number): string {
  return atMs > 0n ? `in ${span(atMs, nowMs)}` : '-';
}

function whatOf(spec: WorkloadSpec | undefined): string {
  if (!spec) return '-';
  if (spec.$case !== 'executable') return spec.value.image || '-';
  return spec.value.command || quoteCommand(spec.value.argv);
}

function fittingColumns(columns: readonly Column[], lineWidth: number): Column[] {
  const names = columns.find(({ title }) => title === 'NAME');
  const nameWidth = Math.min(minimumNameWidth, names ? columnWidth(names) : 0);
  let fitting = [...columns];
  for (const title of dispensable) {
    if (widthBeside('NAME', fitting) + nameWidth <= lineWidth) return fitting;
    fitting = fitting.filter((column) => column.title !== title);
  }
  return fitting;
}

/** A name may be longer than the terminal is wide; as JSON it is whole. */
function cutNames(columns: readonly Column[], lineWidth: number): Column[] {
  const width = Math.max(minimumNameWidth, lineWidth - widthBeside('NAME', columns));
  return columns.map(({ title, cells }) => ({
    title,
    cells: title === 'NAME' ? cells.map(({ text }) => plain(cutShort(text, width).join(''))) : cells,
  }));
}

/** What the other columns take, gaps included, the last one at its smallest. */
function widthBeside(title: string, columns: readonly Column[]): number {
  const widths = columns.map((column, index) => {
    if (column.title === title) return 0;
    return index === columns.length - 1 ? minimumLastWidth : columnWidth(column);
  });
  return widths.reduce((sum, width) => sum + width, (columns.length - 1) * gap.length);
}

/** With ten thousand rows, `Math.max` has too many arguments. */
function columnWidth({ title, cells }: Column): number {
  return cells.reduce((width, { text }) => Math.max(width, text.length), title.length);
}
