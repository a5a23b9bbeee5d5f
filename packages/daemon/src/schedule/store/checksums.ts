import { crc32 } from 'node:zlib';
import type { WorkloadKey } from '../workload-key.js';

/** What of an entry decides about what runs, in the form in which it is stored. SQLite has no checksums of its own outside of its log. */
export interface ChecksummedEntry {
  readonly key: WorkloadKey;
  readonly revision: number;
  readonly decidedAtMs: number;
  readonly record: Uint8Array;
}

export function checksumOfEntry({ key, revision, decidedAtMs, record }: ChecksummedEntry): number {
  return crc32(record, crc32([key.kind, revision, decidedAtMs, key.name].join(' ')));
}

export function checksumOfId(id: string): number {
  return crc32(id);
}
