import { meta, type observe } from '@aurae/proto';
import { type Cell, formatColumns } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint } from '../output/terminal-style.js';
import { formatDuration } from '../values/duration.js';
import { shownSize } from '../values/shown-size.js';
import { span } from './executable-state.js';
import { healthCell } from './health-cell.js';

/** `1.2G of 10G, of each 1G, kept for 7d; 120M in 14 segments removed` */
export function logStoreSentence(store: observe.LogStoreStatus): string {
  const { bytes, maxBytes, maxBytesPerWorkload, maxAgeMs, removedBytes, removedSegments, spilledBytes } = store;
  const limit = maxBytes > 0n ? ` of ${shownSize(maxBytes)}` : '';
  const each = maxBytesPerWorkload > 0n ? [`of each at most ${shownSize(maxBytesPerWorkload)}`] : [];
  const age = maxAgeMs > 0n ? [`none older than ${formatDuration(Number(maxAgeMs))}`] : [];
  const kept = [`${shownSize(bytes)}${limit}`, ...each, ...age].join(', ');
  const segments = `${removedSegments} ${removedSegments === 1n ? 'segment' : 'segments'}`;
  const removed = removedSegments > 0n ? [`${shownSize(removedBytes)} in ${segments} removed`] : [];
  const spilled = spilledBytes > 0n ? [`${shownSize(spilledBytes)} kept beyond that for log sinks`] : [];
  return [kept, ...removed, ...spilled].join('; ');
}

/** `2 well`, `1 of 2 well` */
export function logSinksSentence(sinks: readonly observe.LogSinkStatus[]): string {
  const well = sinks.filter((sink) => !isUnwell(sink)).length;
  return well === sinks.length ? `${well} well` : `${well} of ${sinks.length} well`;
}

/** A table of the log sinks that need somebody's eye. */
export function logSinkTable(
  sinks: readonly observe.LogSinkStatus[],
  paint: Paint,
  nowMs: number,
  width?: number,
): string[] {
  const unwell = sinks.filter(isUnwell);
  if (unwell.length === 0) return [];
  const titles = ['LOG SINK', 'WRITTEN', 'PENDING', 'DROPPED', 'SPILLED', 'HEALTH'];
  const header = titles.map((text): Cell => ({ text, style: 'bold' }));
  return ['', ...formatColumns([header, ...unwell.map((sink) => rowOf(sink, nowMs))], paint, width)];
}

/** More lines wait than a moment's worth. */
const muchPending = 10_000n;

function isUnwell({ health, droppedRecords, spilledBytes, pendingRecords }: observe.LogSinkStatus): boolean {
  const isServing = health?.state === meta.HealthState.HEALTH_STATE_SERVING;
  return !isServing || droppedRecords > 0n || spilledBytes > 0n || pendingRecords > muchPending;
}

function rowOf(sink: observe.LogSinkStatus, nowMs: number): Cell[] {
  const { name, writtenRecords, pendingRecords, droppedRecords, spilledBytes } = sink;
  const health = healthCell(sink.health);
  return [
    { text: escapeControlCharacters(name) || '-' },
    { text: String(writtenRecords) },
    { text: String(pendingRecords) },
    { text: String(droppedRecords), style: droppedRecords > 0n ? 'yellow' : undefined },
    { text: shownSize(spilledBytes) },
    { text: `${health.text}${lastErrorOf(sink, nowMs)}`, style: health.style },
  ];
}

/** The newest failure, unless the health tells that already. */
function lastErrorOf({ lastError, lastErrorAtMs, health }: observe.LogSinkStatus, nowMs: number): string {
  if (lastError === '' || health?.reason.includes(lastError)) return '';
  const when = lastErrorAtMs > 0n ? ` ${span(nowMs, lastErrorAtMs)} ago` : '';
  return `; last failure${when}: ${escapeControlCharacters(lastError)}`;
}
