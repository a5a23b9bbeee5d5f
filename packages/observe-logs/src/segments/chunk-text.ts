import { isAscii, isUtf8 } from 'node:buffer';

/** `mixed`: some of it is not UTF-8. */
export type ChunkEncoding = 'latin1' | 'utf8' | 'mixed';

/** How to decode the bytes from 0 to `end`; found once for a chunk, not for each of its lines. */
export function chunkEncoding(bytes: Buffer, end: number): ChunkEncoding {
  const chunk = bytes.subarray(0, end);
  if (isAscii(chunk)) return 'latin1';
  return isUtf8(chunk) ? 'utf8' : 'mixed';
}

/** Where to cut before `end` so that no character of UTF-8 is torn. */
export function characterBoundary(bytes: Buffer, end: number): number {
  for (let back = 1; back <= 3 && back < end; back++) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? end - back : end;
  }
  return end;
}
