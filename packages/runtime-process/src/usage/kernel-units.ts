import { readFileSync } from 'node:fs';

/** In which the kernel counts. */
export interface KernelUnits {
  readonly pageBytes: number;
  readonly tickUs: number;
}

const pageSize = 6n;
const clockTicks = 17n;
const usual = new Map([
  [pageSize, 4096n],
  [clockTicks, 100n],
]);

/** AT_PAGESZ and AT_CLKTCK of getauxval(3), as the kernel has told this process at its start. */
export function readKernelUnits(): KernelUnits {
  const found = auxiliaryVector();
  const valueOf = (type: bigint) => Number(found.get(type) ?? usual.get(type));
  return { pageBytes: valueOf(pageSize), tickUs: 1_000_000 / valueOf(clockTicks) };
}

function auxiliaryVector(): Map<bigint, bigint> {
  const words = new BigUint64Array(aligned(readFileSync('/proc/self/auxv')));
  const pairs = Array.from({ length: words.length >> 1 }, (_, pair) => [words[2 * pair], words[2 * pair + 1]]);
  return new Map(pairs as [bigint, bigint][]);
}

/** Node runs on 64-bit Linux alone: each word has eight bytes. */
function aligned(vector: Buffer): ArrayBuffer {
  const length = vector.length - (vector.length % 16);
  return new Uint8Array(vector.subarray(0, length)).buffer;
}
