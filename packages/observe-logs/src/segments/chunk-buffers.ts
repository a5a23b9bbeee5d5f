/** Bytes that one read asks for: about 500 lines. */
export const chunkBytes = 64 * 1024;

/** Bytes that one read asks for while nothing is found that is wanted. */
export const scanBytes = 256 * 1024;

const maximumSpares = 16;
/** 16 MiB of readers that have read what nobody has asked them for yet. */
const maximumTaken = 256;
const spares: Buffer[] = [];
let taken = 0;

/** A buffer with anything in it. Followers that wait give theirs back, so that thousands of them cost no memory. */
export function takeChunkBuffer(): Buffer {
  taken += 1;
  return spares.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
}

/** Takes a buffer back that nothing refers to any more. */
export function giveChunkBuffer(buffer: Buffer): void {
  taken -= 1;
  if (spares.length < maximumSpares) spares.push(buffer);
}

/** Whether so many readers have a buffer that those who do not need it now have to give it back. */
export function areChunkBuffersScarce(): boolean {
  return taken > maximumTaken;
}
