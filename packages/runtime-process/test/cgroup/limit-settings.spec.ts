import { InvalidSpecError, runtime } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leastMemoryBytes, limitSettings, requestedLimits } from '../../src/cgroup/limit-settings.js';

const target = (version: 1 | 2, swapFile?: string) => ({ version, directory: '/c', swapFile });

function settings(limits: Partial<runtime.ResourceLimits>, version: 1 | 2, swapFile?: string): Record<string, string> {
  const requested = requestedLimits(runtime.ResourceLimits.fromPartial(limits));
  const all = requested.flatMap((limit) => limitSettings(limit, target(version, swapFile)));
  return Object.fromEntries(all.map(({ file, value }) => [file, value]));
}

describe('limits', () => {
  test('0 and absent mean none', () => {
    expect(requestedLimits(undefined)).toEqual([]);
    expect(settings({ memoryBytes: 0n, cpuMillis: 0, pids: 0 }, 2)).toEqual({});
  });

  test('version 2 takes memory without swap, CPU as quota and period, and pids', () => {
    expect(settings({ memoryBytes: 256n << 20n, cpuMillis: 500, pids: 100 }, 2, 'memory.swap.max')).toEqual({
      '/c/memory.max': '268435456',
      '/c/memory.swap.max': '0',
      '/c/cpu.max': '50000 100000',
      '/c/pids.max': '100',
    });
  });

  test('version 1 takes memory and swap together, and the memory first', () => {
    const values = settings({ memoryBytes: 256n << 20n, cpuMillis: 1500, pids: 7 }, 1, 'memory.memsw.limit_in_bytes');
    expect(Object.entries(values)).toEqual([
      ['/c/memory.limit_in_bytes', '268435456'],
      ['/c/memory.memsw.limit_in_bytes', '268435456'],
      ['/c/cpu.cfs_period_us', '100000'],
      ['/c/cpu.cfs_quota_us', '150000'],
      ['/c/pids.max', '7'],
    ]);
  });

  test('version 1 without accounting of swap keeps the memory from being swapped', () => {
    expect(settings({ memoryBytes: 1n << 20n }, 1, 'memory.swappiness')).toMatchObject({ '/c/memory.swappiness': '0' });
  });

  test('every amount of CPU keeps its ratio, within the bounds of the kernel', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_294_967_295 }), (cpuMillis) => {
        const [quota = 0, period = 0] = (settings({ cpuMillis }, 2)['/c/cpu.max'] ?? '').split(' ').map(Number);
        expect(quota).toBeGreaterThanOrEqual(1000);
        expect(period).toBeLessThanOrEqual(1_000_000);
        expect(Number.isInteger(quota)).toBe(true);
        expect(quota * 1000).toBe(cpuMillis * period);
      }),
    );
  });

  test('more pids than a kernel can have means no limit', () => {
    expect(settings({ pids: 4_194_304 }, 2)).toEqual({ '/c/pids.max': '4194304' });
    expect(settings({ pids: 4_294_967_295 }, 1)).toEqual({ '/c/pids.max': 'max' });
  });

  test('memory in which nothing can run is refused by the name of its field', () => {
    expect(settings({ memoryBytes: leastMemoryBytes }, 2)).toEqual({ '/c/memory.max': '1048576' });
    try {
      settings({ memoryBytes: leastMemoryBytes - 1n }, 2);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidSpecError);
      expect((error as InvalidSpecError).violations).toMatchObject([{ field: 'limits.memory_bytes' }]);
    }
  });
});
