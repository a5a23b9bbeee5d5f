import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint, Style } from '../output/terminal-style.js';
import { quotedKey } from '../schedule/workload-key.js';
import { marks, type Wellness } from '../schedule/workload-state.js';
import { fitToRight, fitToWidth } from '../terminal/display-width.js';
import type { ScreenSize } from '../terminal/screen.js';
import { shownSize } from '../values/shown-size.js';
import { helpLines } from './help-lines.js';
import { columnGap, type ColumnView, fittingColumns, type TopColumn } from './top-columns.js';
import type { TopModel } from './top-model.js';
import { hasLimit, type TopWorkload } from './top-workload.js';

export interface TopNotice {
  readonly text: string;
  readonly style: Style;
}

export interface TopViewOptions {
  readonly size: ScreenSize;
  readonly paint: Paint;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** As auraed calls itself. */
  readonly nodeName: string;
  /** Stands where the keys are told otherwise. */
  readonly notice?: TopNotice | undefined;
}

/** The whole screen, each line exactly as wide as it. */
export function topView(model: TopModel, options: TopViewOptions): string[] {
  const { size } = options;
  const above = headerLines(model, options);
  model.pageRows = Math.max(1, size.rows - above.length - 2);
  const table = model.mode.kind === 'help' ? helpLines(size, options.paint) : tableLines(model, options);
  const body = [...above, ...table].slice(0, Math.max(0, size.rows - 1));
  const empty = Array.from({ length: Math.max(0, size.rows - 1 - body.length) }, () => '');
  return [...body, ...empty, footerLine(model, options)].slice(-size.rows);
}

/** What of the header there is room for: the list is worth more. */
function headerLines(model: TopModel, options: TopViewOptions): string[] {
  const { rows } = options.size;
  if (rows < 6) return [];
  const title = titleLine(options);
  if (rows < 10) return [title];
  return [title, countsLine(model, options), nodeLine(model, options), ''];
}

function titleLine({ size, paint, nowMs, nodeName }: TopViewOptions): string {
  const time = new Date(nowMs).toTimeString().slice(0, 8);
  const title = `aurae top ${escapeControlCharacters(nodeName)}`.trimEnd();
  const width = size.columns - time.length - 1;
  return width < 10 ? fitToWidth(title, size.columns) : `${paint('bold', fitToWidth(title, width))} ${time}`;
}

function countsLine({ snapshot, rows, filter }: TopModel, { size, paint }: TopViewOptions): string {
  const { workloads } = snapshot;
  const counts = (Object.keys(marks) as Wellness[]).flatMap((wellness) => {
    const count = workloads.filter((workload) => workload.wellness === wellness).length;
    return count > 0 ? [`${count} ${wellness}`] : [];
  });
  const hidden = workloads.length - rows.length;
  const parts = [
    `${workloads.length} ${workloads.length === 1 ? 'workload' : 'workloads'}`,
    ...counts,
    ...(hidden > 0 ? [`${hidden} not shown`] : []),
    ...(filter === '' ? [] : [`filter "${filter}"`]),
  ];
  const hasFailed = workloads.some(({ wellness }) => wellness === 'failed');
  return paint(hasFailed ? 'red' : undefined, fitToWidth(escapeControlCharacters(parts.join('  ')), size.columns));
}

function nodeLine({ snapshot }: TopModel, { size, paint }: TopViewOptions): string {
  const { node, workloads, usageNotice } = snapshot;
  if (usageNotice !== '') return paint('yellow', fitToWidth(escapeControlCharacters(usageNotice), size.columns));
  const measured = workloads.flatMap((workload) => workload.measured ?? []);
  const cpu = measured.reduce((sum, { cpuPercent = 0 }) => sum + cpuPercent, 0);
  const memory = measured.reduce((sum, { usage }) => sum + Number(usage.memoryBytes), 0);
  const used = node.memoryTotalBytes - node.memoryAvailableBytes;
  const text = [
    `CPU ${bar(cpu, 100 * node.cpus)} ${Math.round(cpu)}% of ${100 * node.cpus}%`,
    `MEM ${bar(used, node.memoryTotalBytes)} ${shownSize(used)} of ${shownSize(node.memoryTotalBytes)}`,
    `workloads ${shownSize(memory)}`,
  ].join('  ');
  return fitToWidth(text, size.columns);
}

const barWidth = 10;

function bar(value: number, full: number): string {
  const filled = full > 0 ? Math.min(barWidth, Math.round((value / full) * barWidth)) : 0;
  return `[${'|'.repeat(filled)}${' '.repeat(barWidth - filled)}]`;
}

function tableLines(model: TopModel, options: TopViewOptions): string[] {
  const { size, paint, nowMs } = options;
  const view: ColumnView = { trend: model.trend, nowMs, hasLimits: model.snapshot.workloads.some(hasLimit) };
  const first = model.firstRow;
  const page = model.rows.slice(first, first + model.pageRows);
  // The two columns on the left tell which one is selected, also where there are no colours.
  const width = Math.max(1, size.columns - 2);
  const columns = fittingColumns(page, view, width);
  const header = paint('inverse', fitToWidth(`  ${titlesOf(columns, model)}`, size.columns));
  const rows = page.map((row, index) => {
    const isSelected = first + index === model.selectedRow;
    return rowLine(row, columns, view, isSelected, options);
  });
  return rows.length > 0 ? [header, ...rows] : [header, paint('dim', fitToWidth(emptyText(model), size.columns))];
}

function emptyText({ filter, snapshot }: TopModel): string {
  if (filter !== '') return '  Nothing is called so: Esc shows all again.';
  return snapshot.workloads.length > 0 ? '  Nothing runs: a shows all.' : '  There are no workloads.';
}

const sortColumns = { cpu: 'cpu', memory: 'memory', name: 'name', restarts: 'restarts', uptime: 'uptime' } as const;

function titlesOf(columns: readonly TopColumn[], { sortBy, isReversed, trend }: TopModel): string {
  const titles = columns.map(({ name, title, width, isRight }) => {
    const arrow = isReversed ? '▲' : '▼';
    const full = name === 'trend' ? `${trend === 'cpu' ? 'CPU' : 'MEM'} ${title}` : title;
    const told = name === sortColumns[sortBy] && full.length < width ? `${full}${arrow}` : full;
    return isRight ? fitToRight(told, width) : fitToWidth(told, width);
  });
  return titles.join(' '.repeat(columnGap));
}

function rowLine(
  row: TopWorkload,
  columns: readonly TopColumn[],
  view: ColumnView,
  isSelected: boolean,
  { size, paint }: TopViewOptions,
): string {
  const cells = columns.map((column) => {
    const text = column.text(row, view, column.width);
    const fitted = column.isRight ? fitToRight(text, column.width) : fitToWidth(text, column.width);
    return isSelected ? fitted : paint(column.style?.(row), fitted);
  });
  const line = `${isSelected ? '> ' : '  '}${cells.join(' '.repeat(columnGap))}`;
  return isSelected ? paint('inverse', fitToWidth(line, size.columns)) : line;
}

function footerLine(model: TopModel, { size, paint, notice }: TopViewOptions): string {
  const fit = (text: string) => fitToWidth(escapeControlCharacters(text), size.columns);
  switch (model.mode.kind) {
    case 'filter':
      return fit(`/${model.filter}_   Enter keeps it, Esc shows all`);
    case 'confirm': {
      const { action, key } = model.mode;
      const what = action === 'stop' ? 'Stop' : 'Kill (with KILL)';
      return paint('yellow', fit(`${what} ${quotedKey(key)}? y/n`));
    }
    case 'help':
      return paint('dim', fit('any key goes back'));
    case 'list':
      if (notice) return paint(notice.style, fit(notice.text));
      return paint('dim', fit('q quit  h help  / filter  Enter log  s stop  K kill  c m n r u sort  t trend'));
  }
}
