/** What "with 1 GB" means: bytes of live objects, and the flag that lets a Node process hold them. */
export const bigHeapBytes = 1024 ** 3;
export const bigHeapFlag = '--max-old-space-size=4096';
