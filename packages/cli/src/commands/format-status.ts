import { meta, type observe } from '@aurae/proto';
import { formatDuration } from '../values/duration.js';
import { type Cell, formatColumns } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint, Style } from '../output/terminal-style.js';

/**
 * What a person wants to see of a daemon at a glance.
 *
 * @param width of the terminal, when it is one
 */
export function formatStatus(status: observe.StatusResponse, paint: Paint, width?: number): string {
  const facts = formatColumns(
    [
      ['auraed', `${status.version || 'unknown version'}, pid ${status.proc?.pid ?? 'unknown'}`],
      ['uptime', formatDuration(Number(status.uptimeMs))],
      ['node', status.node || 'unknown'],
      ['identity', status.identity || 'unknown'],
      ['workloads', workloadsOf(status.workloads)],
      ['scheduled', workloadsOf(status.scheduled)],
    ].map(([name = '', value = '']) => [{ text: name, style: 'dim' }, { text: escapeControlCharacters(value) }]),
    paint,
    width,
  );
  return [...facts, ...backendTable(status.backends, paint, width)].join('\n');
}

function workloadsOf(counts: readonly observe.WorkloadCount[]): string {
  const words = counts
    .filter(({ count }) => count > 0)
    .map(({ count, kind, status }) => `${count} ${kindName(kind)}${count === 1 ? '' : 's'} ${stateName(status)}`);
  return words.length === 0 ? 'none' : words.join(', ');
}

function backendTable(backends: readonly observe.BackendStatus[], paint: Paint, width?: number): string[] {
  if (backends.length === 0) return [];
  const header = ['BACKEND', 'NAME', 'VERSION', 'SOURCE', 'HEALTH'].map((text): Cell => ({ text, style: 'bold' }));
  const rows = backends.map(({ kind, description, source }): Cell[] => [
    ...[kind, description?.name ?? '', description?.version ?? '', source].map((text) => ({
      text: escapeControlCharacters(text) || '-',
    })),
    healthCell(description?.health),
  ]);
  return ['', ...formatColumns([header, ...rows], paint, width)];
}

const healthLooks: Readonly<Partial<Record<meta.HealthState, readonly [string, Style]>>> = {
  [meta.HealthState.HEALTH_STATE_SERVING]: ['serving', 'green'],
  [meta.HealthState.HEALTH_STATE_DEGRADED]: ['degraded', 'yellow'],
  [meta.HealthState.HEALTH_STATE_UNAVAILABLE]: ['unavailable', 'red'],
};

function healthCell(health: meta.Health | undefined): Cell {
  const [state, style] = (health && healthLooks[health.state]) ?? ['unknown', undefined];
  const reason = health?.reason ? `: ${health.reason}` : '';
  const remedy = health?.remedy ? ` (try: ${health.remedy})` : '';
  return { text: escapeControlCharacters(`${state}${reason}${remedy}`), style };
}

function kindName(kind: meta.WorkloadKind): string {
  return wordOf(meta.workloadKindToJSON(kind), 'WORKLOAD_KIND_');
}

function stateName(status: meta.Status): string {
  return wordOf(meta.statusToJSON(status), 'STATUS_');
}

function wordOf(name: string, prefix: string): string {
  return name.replace(prefix, '').toLowerCase();
}
