const kept: object[] = [];
const samples = Array.from({ length: 100 }, (_, index) => index / 2);

/** Fills the heap of this process with objects that stay alive, until it holds so many bytes. */
export function allocateLiveHeap(bytes: number): void {
  while (process.memoryUsage().heapUsed < bytes) {
    for (let i = 0; i < 10_000; i++) kept.push(record(kept.length));
  }
}

function record(id: number): object {
  return { id, name: `workload ${id}`, samples: samples.slice() };
}
