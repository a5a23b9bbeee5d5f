import { bigHeapBytes } from './big-heap.js';
import { allocateLiveHeap } from './live-heap.js';

// A program: `auraed` in a process that already holds 1 GB of live objects. Its flags are those of auraed.

allocateLiveHeap(bigHeapBytes);
await import(new URL('../../packages/daemon/bin/auraed.js', import.meta.url).href);
