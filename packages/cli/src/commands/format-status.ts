import { meta, type observe } from '@aurae/proto';
import { formatDuration } from '../values/duration.js';
import { type Cell, formatColumns } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint } from '../output/terminal-style.js';
import { logSinksSentence, logSinkTable, logStoreSentence } from './format-log-store.js';
import { healthCell } from './health-cell.js';
import type { Wellness } from '../schedule/workload-state.js';

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
      ['scheduled', scheduledOf(status.scheduled)],
      ...(status.logStore ? [['logs', logStoreSentence(status.logStore)]] : []),
      ...(status.logSinks.length > 0 ? [['log sinks', logSinksSentence(status.logSinks)]] : []),
      ...(status.newestEvent > 0n ? [['events', `${status.oldestEvent} to ${status.newestEvent}`]] : []),
      ...[status.scheduleNotice, status.logStore?.notice ?? ''].flatMap((text) =>
        text === '' ? [] : [['notice', text]],
      ),
    ].map(([name = '', value = '']) => [{ text: name, style: 'dim' }, { text: escapeControlCharacters(value) }]),
    paint,
    width,
  );
  const tables = [
    ...backendTable(status.backends.filter(isNoLogSink), paint, width),
    ...logSinkTable(status.logSinks, paint, Date.now(), width),
  ];
  return [...facts, ...tables].join('\n');
}

function workloadsOf(counts: readonly observe.WorkloadCount[]): string {
  return counts.flatMap(({ count, kind, status }) => counted(count, kind, stateName(status))).join(', ') || 'none';
}

const { STATUS_ACTIVE, STATUS_STANDBY, STATUS_ERROR, STATUS_COMPLETE, STATUS_PASSIVE } = meta.Status;

/** In the words of `aurae schedule`, and in their order. */
const scheduledWords: readonly (readonly [meta.Status, Wellness])[] = [
  [STATUS_ACTIVE, 'well'],
  [STATUS_STANDBY, 'waiting'],
  [STATUS_ERROR, 'failed'],
  [STATUS_COMPLETE, 'done'],
  [STATUS_PASSIVE, 'disabled'],
];

function scheduledOf(counts: readonly observe.WorkloadCount[]): string {
  const known = scheduledWords.flatMap(([status, word]) =>
    counts.filter((count) => count.status === status).map(({ count, kind }) => counted(count, kind, word)),
  );
  const isKnown = ({ status }: observe.WorkloadCount) => scheduledWords.some(([other]) => other === status);
  const others = counts.filter((count) => !isKnown(count)).map(({ count, kind }) => counted(count, kind, 'unknown'));
  return [...known, ...others].flat().join(', ') || 'none';
}

function counted(count: number, kind: meta.WorkloadKind, word: string): string[] {
  return count === 0 ? [] : [`${count} ${kindName(kind)}${count === 1 ? '' : 's'} ${word}`];
}

/** Log sinks have a table of their own, with the names that they are configured by. */
function isNoLogSink({ kind }: observe.BackendStatus): boolean {
  return kind !== 'log-sink';
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

function kindName(kind: meta.WorkloadKind): string {
  return wordOf(meta.workloadKindToJSON(kind), 'WORKLOAD_KIND_');
}

function stateName(status: meta.Status): string {
  return wordOf(meta.statusToJSON(status), 'STATUS_');
}

function wordOf(name: string, prefix: string): string {
  return name.replace(prefix, '').toLowerCase();
}
