import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { type Cell, formatColumns, minimumLastWidth } from '../output/columns.js';
import { cutShort } from '../output/cut-short.js';
import type { Paint } from '../output/terminal-style.js';
import { shownKey } from '../schedule/workload-key.js';
import { marks } from '../schedule/workload-state.js';
import { formatDuration } from '../values/duration.js';
import { shownSize } from '../values/shown-size.js';
import { hasLimit, type TopWorkload } from './top-workload.js';

/** One sample as a table, for those who are no terminal. */
export function topTable(workloads: readonly TopWorkload[], paint: Paint, nowMs: number, width?: number): string {
  const hasLimits = workloads.some(hasLimit);
  const limit = hasLimits ? ['LIMIT'] : [];
  const titles = ['', 'NAME', 'CPU%', 'MEM', ...limit, 'PIDS', 'RESTARTS', 'UPTIME', 'STATE'];
  const header = titles.map((text): Cell => ({ text, style: 'bold' }));
  const rows = workloads.map((workload) => rowOf(workload, hasLimits, nowMs));
  const room = width === undefined ? undefined : Math.max(width, minimumLastWidth);
  return formatColumns([header, ...rows], paint, room, cutShort).join('\n');
}

function rowOf(workload: TopWorkload, hasLimits: boolean, nowMs: number): Cell[] {
  const { key, wellness, state, measured, startedAtMs, restarts } = workload;
  const usage = measured?.usage;
  const limit = usage && usage.memoryLimitBytes > 0n ? shownSize(usage.memoryLimitBytes) : '-';
  return [
    marks[wellness],
    { text: escapeControlCharacters(shownKey(key)) },
    { text: measured?.cpuPercent?.toFixed(1) ?? '-' },
    { text: usage ? shownSize(usage.memoryBytes) : '-' },
    ...(hasLimits ? [{ text: limit }] : []),
    { text: usage ? String(usage.pids) : '-' },
    { text: restarts === undefined ? '-' : String(restarts) },
    { text: startedAtMs > 0 ? formatDuration(nowMs - startedAtMs) : '-' },
    { text: escapeControlCharacters(state) },
  ];
}
