/** Bytes that one read asks for: about 500 lines. */
export const chunkBytes = 64 * 1024;

/** Bytes that one read asks for while nothing is found that is wanted. */
export const scanBytes = 256 * 1024;

/** Those of other sizes are left to the garbage collector. */
const spares = new Map<number, Buffer[]>([
  [chunkBytes, []],
  [scanBytes, []],
]);
const maximumSpareBytes = 1024 * 1024;
/** Of readers that have read what nobody has asked them for yet. */
const maximumTakenBytes = 16 * 1024 * 1024;
let takenBytes = 0;

/** A buffer with anything in it. Followers that wait give theirs back, so that thousands of them cost no memory. */
export function takeChunkBuffer(bytes: number): Buffer {
  takenBytes += bytes;
  return spares.get(bytes)?.pop() ?? Buffer.allocUnsafeSlow(bytes);
}

/** Takes a buffer back that nothing refers to any more. */
export function giveChunkBuffer(buffer: Buffer): void {
  takenBytes -= buffer.length;
  const others = spares.get(buffer.length);
  if (others && (others.length + 1) * buffer.length <= maximumSpareBytes) others.push(buffer);
}

/** Whether readers have so much memory that those who do not need theirs now have to give it back. */
export function areChunkBuffersScarce(): boolean {
  return takenBytes > maximumTakenBytes;
}
