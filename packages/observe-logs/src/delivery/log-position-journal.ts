import { crc32 } from 'node:zlib';
import { meta } from '@aurae/proto';
import { workloadKindName } from '../lines/workload-kind-name.js';
import type { LogPlace } from './log-place.js';

export interface JournalEntry {
  readonly workload: meta.WorkloadReference;
  /** undefined: the workload was forgotten. */
  readonly place: LogPlace | undefined;
}

const kinds = new Map(
  [
    meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
    meta.WorkloadKind.WORKLOAD_KIND_CONTAINER,
    meta.WorkloadKind.WORKLOAD_KIND_INSTANCE,
  ].map((kind) => [workloadKindName(kind), kind]),
);

/**
 * One line of the journal, with its line feed: a checksum (CRC-32 in hexadecimal) and a JSON array of kind, name, the
 * log's name and the sequence number, the latter two left out for a workload that was forgotten.
 */
export function journalLine({ workload, place }: JournalEntry): string {
  const fields = [workloadKindName(workload.kind), workload.name];
  if (place) fields.push(place.logId, String(place.afterSequence));
  const json = JSON.stringify(fields);
  return `${checksum(json)} ${json}\n`;
}

/** The entry in a line without its line feed; undefined when the line is damaged. */
export function parseJournalLine(line: string): JournalEntry | undefined {
  const json = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(json)) return undefined;
  try {
    return entryOf(JSON.parse(json) as readonly (string | undefined)[]);
  } catch {
    // Damaged in a way that the checksum does not show.
    return undefined;
  }
}

function entryOf([kind, name, logId, sequence]: readonly (string | undefined)[]): JournalEntry | undefined {
  const knownKind = kinds.get(kind ?? '');
  if (knownKind === undefined || name === undefined) return undefined;
  const workload = { kind: knownKind, name };
  if (logId === undefined || sequence === undefined) return { workload, place: undefined };
  return { workload, place: { logId, afterSequence: BigInt(sequence) } };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
