/** Bytes that one read asks for: about 500 lines. */
export const chunkBytes = 64 * 1024;

const maximumSpares = 16;
const spares: Buffer[] = [];

/** A buffer with anything in it. Followers that wait give theirs back, so that thousands of them cost no memory. */
export function takeChunkBuffer(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
}

/** Takes a buffer back that nothing refers to any more. Larger ones are left to the garbage collector. */
export function giveChunkBuffer(buffer: Buffer): void {
  if (buffer.length === chunkBytes && spares.length < maximumSpares) spares.push(buffer);
}
