import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Style } from '../output/terminal-style.js';
import { shownKey } from '../schedule/workload-key.js';
import { marks } from '../schedule/workload-state.js';
import { displayWidth } from '../terminal/display-width.js';
import { formatDuration } from '../values/duration.js';
import { shownSize } from '../values/shown-size.js';
import { sparkline } from './sparkline.js';
import type { TopWorkload } from './top-workload.js';

export interface ColumnView {
  readonly trend: 'cpu' | 'memory';
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Whether any workload has a limit that can be shown. */
  readonly hasLimits: boolean;
}

interface ColumnKind {
  readonly title: string;
  readonly width: number;
  readonly isRight?: boolean;
  /** @param width that the column has got, which may be more than its own */
  text(workload: TopWorkload, view: ColumnView, width: number): string;
  style?(workload: TopWorkload): Style | undefined;
}

/** A column that is shown. */
export interface TopColumn extends ColumnKind {
  readonly name: ColumnName;
}

const none = '-';
/** What makes a processor's bar full at least, in percent, and a memory's. */
const leastCpu = 10;
const leastMemory = 1024 * 1024;

/** What a name has at least where there is room for it all; where names are shorter, states have the rest. */
const usualName = 12;
const leastName = 5;

const columnKinds = {
  mark: {
    title: '',
    width: 1,
    text: ({ wellness }) => marks[wellness].text,
    style: ({ wellness }) => marks[wellness].style,
  },
  name: { title: 'NAME', width: usualName, text: ({ key }) => escapeControlCharacters(shownKey(key)) },
  state: {
    title: 'STATE',
    width: 10,
    text: ({ state }) => escapeControlCharacters(state),
    style: ({ wellness }) => (wellness === 'well' ? undefined : marks[wellness].style),
  },
  cpu: {
    title: 'CPU%',
    width: 6,
    isRight: true,
    text: ({ measured }) => (measured?.cpuPercent === undefined ? none : shownPercent(measured.cpuPercent)),
  },
  memory: {
    title: 'MEM',
    width: 5,
    isRight: true,
    text: ({ measured }) => (measured ? shownSize(measured.usage.memoryBytes) : none),
    style: (workload) => (isNearLimit(workload) ? 'yellow' : undefined),
  },
  limit: {
    title: 'LIMIT',
    width: 5,
    isRight: true,
    text: ({ measured }) =>
      measured && measured.usage.memoryLimitBytes > 0n ? shownSize(measured.usage.memoryLimitBytes) : none,
  },
  pids: {
    title: 'PIDS',
    width: 5,
    isRight: true,
    text: ({ measured }) => (measured ? String(measured.usage.pids) : none),
  },
  restarts: {
    title: 'RESTARTS',
    width: 8,
    isRight: true,
    text: ({ restarts }) => (restarts === undefined ? none : String(restarts)),
    style: ({ restarts = 0 }) => (restarts > 0 ? 'yellow' : undefined),
  },
  uptime: {
    title: 'UPTIME',
    width: 7,
    isRight: true,
    text: ({ startedAtMs }, { nowMs }) => (startedAtMs > 0 ? formatDuration(nowMs - startedAtMs) : none),
  },
  trend: {
    title: 'TREND',
    // As much as its title takes.
    width: 9,
    text: ({ measured }, { trend }, width) => {
      if (trend === 'cpu') return sparkline(measured?.cpuTrend ?? [], width, leastCpu);
      return sparkline(measured?.memoryTrend ?? [], width, leastMemory);
    },
    style: () => 'cyan',
  },
} as const satisfies Record<string, ColumnKind>;

type ColumnName = keyof typeof columnKinds;

/** What a narrow terminal does without, the first one first. */
const dispensable: readonly ColumnName[] = ['limit', 'trend', 'restarts', 'pids', 'uptime', 'state', 'memory', 'mark'];
const widestTrend = 30;
/** As far as both go before one that is longer has what is left: names first. */
const handyName = 16;
const handyState = 20;
const widestState = 32;
/** Between two columns. */
export const columnGap = 1;

/** The columns that fit, with their widths: as long as there is room, nothing of a name or a state is cut. */
export function fittingColumns(rows: readonly TopWorkload[], view: ColumnView, lineWidth: number): TopColumn[] {
  let columns = Object.entries(columnKinds)
    .map(([name, kind]): TopColumn => ({ ...kind, name: name as ColumnName }))
    .filter(({ name }) => view.hasLimits || name !== 'limit');
  for (const name of dispensable) {
    if (totalWidth(columns) <= lineWidth) break;
    columns = columns.filter((column) => column.name !== name);
  }
  const widestName = widest(columnKinds.name, rows, view);
  const wantedState = widest(columnKinds.state, rows, view);
  const slim = columns.map((column) =>
    column.name === 'name' ? { ...column, width: Math.min(usualName, Math.max(leastName, widestName)) } : column,
  );
  const called = grow(slim, 'name', Math.min(widestName, handyName), lineWidth);
  const stated = grow(called, 'state', Math.min(wantedState, handyState), lineWidth);
  const named = grow(stated, 'name', Math.max(usualName, widestName), lineWidth);
  const told = grow(named, 'state', Math.min(wantedState, widestState), lineWidth);
  return grow(shrunkName(told, lineWidth), 'trend', widestTrend, lineWidth);
}

function grow(columns: readonly TopColumn[], name: ColumnName, width: number, lineWidth: number): TopColumn[] {
  const room = Math.max(0, lineWidth - totalWidth(columns));
  return columns.map((column) =>
    column.name === name ? { ...column, width: Math.max(column.width, Math.min(width, column.width + room)) } : column,
  );
}

/** On the narrowest of terminals. */
function shrunkName(columns: readonly TopColumn[], lineWidth: number): TopColumn[] {
  const excess = Math.max(0, totalWidth(columns) - lineWidth);
  return columns.map((column) =>
    column.name === 'name' ? { ...column, width: Math.max(1, column.width - excess) } : column,
  );
}

function widest(kind: ColumnKind, rows: readonly TopWorkload[], view: ColumnView): number {
  return rows.reduce((width, row) => Math.max(width, displayWidth(kind.text(row, view, width))), 0);
}

function totalWidth(columns: readonly TopColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width, Math.max(0, columns.length - 1) * columnGap);
}

function shownPercent(percent: number): string {
  return percent < 9.95 ? percent.toFixed(1) : String(Math.round(percent));
}

function isNearLimit({ measured }: TopWorkload): boolean {
  if (!measured || measured.usage.memoryLimitBytes === 0n) return false;
  return Number(measured.usage.memoryBytes) > 0.9 * Number(measured.usage.memoryLimitBytes);
}
