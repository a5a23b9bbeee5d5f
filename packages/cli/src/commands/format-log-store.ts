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
  const well = sinks.filter(isServing).length;
  return well === sinks.length ? `${well} well` : `${well} of ${sinks.length} well`;
}

/** A table of all log sinks; what is spilled is told as soon as one of them spills. */
export function logSinkTable(
  sinks: readonly observe.LogSinkStatus[],
  paint: Paint,
  nowMs: number,
  width?: number,
): string[] {
  if (sinks.length === 0) return [];
  const spills = sinks.some(({ spilledBytes }) => spilledBytes > 0n);
  // What may be long stands last: it is wrapped there.
  const titles = ['LOG SINK', 'WRITTEN', 'PENDING', 'DROPPED', ...(spills ? ['SPILLED'] : []), 'HEALTH'];
  const header = titles.map((text): Cell => ({ text, style: 'bold' }));
  return ['', ...formatColumns([header, ...sinks.map((sink) => rowOf(sink, spills, nowMs))], paint, width)];
}

function isServing({ health }: observe.LogSinkStatus): boolean {
  return health?.state === meta.HealthState.HEALTH_STATE_SERVING;
}

function rowOf(sink: observe.LogSinkStatus, spills: boolean, nowMs: number): Cell[] {
  const { name, writtenRecords, pendingRecords, droppedRecords, spilledBytes } = sink;
  const health = healthCell(sink.health);
  return [
    { text: escapeControlCharacters(name) || '-' },
    { text: String(writtenRecords) },
    { text: String(pendingRecords) },
    { text: String(droppedRecords), style: droppedRecords > 0n ? 'yellow' : undefined },
    ...(spills ? [{ text: shownSize(spilledBytes) }] : []),
    { text: `${health.text}${lastErrorOf(sink, nowMs)}`, style: health.style },
  ];
}

/** The newest failure, unless the health tells that already, or it is over and did no harm. */
function lastErrorOf(sink: observe.LogSinkStatus, nowMs: number): string {
  const { lastError, lastErrorAtMs, health, droppedRecords } = sink;
  if (lastError === '' || health?.reason.includes(lastError) || (isServing(sink) && droppedRecords === 0n)) return '';
  const when = lastErrorAtMs > 0n ? ` ${span(nowMs, lastErrorAtMs)} ago` : '';
  return `; last failure${when}: ${escapeControlCharacters(lastError)}`;
}
