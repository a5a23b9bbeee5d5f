import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKernelUnits } from '../../src/usage/kernel-units.js';
import { parseProcessSample, sampleProcess } from '../../src/usage/process-sample.js';

const count = fc.nat({ max: 2 ** 31 - 1 });

test('a process is told by its numbers, whatever its name looks like', () => {
  const numbers = fc.array(count, { minLength: 52, maxLength: 52 });
  const name = fc.oneof(fc.string({ maxLength: 15 }), fc.constantFrom(') S 1 2 3', '((', ')\n) R 9', ''));
  fc.assert(
    fc.property(count, name, fc.constantFrom('R', 'S', 'Z', 'D'), numbers, (pid, comm, state, fields) => {
      // After the third field, the state, they are those from the fourth on.
      const rest = fields.slice(3);
      const field = (number: number) => rest[number - 4] ?? Number.NaN;
      expect(parseProcessSample(`${pid} (${comm}) ${state} ${rest.join(' ')}\n`)).toEqual({
        pid,
        parentPid: field(4),
        sessionId: field(6),
        ownTicks: field(14) + field(15),
        endedChildrenTicks: field(16) + field(17),
        threads: field(20),
        residentPages: field(24),
      });
    }),
  );
});

test('what is cut short is no process', () => {
  const whole = `7 (sh) S ${Array.from({ length: 21 }, (_, index) => index).join(' ')}`;
  expect(parseProcessSample(whole)).toBeDefined();
  for (let length = 0; length < whole.lastIndexOf(' '); length++) {
    expect(parseProcessSample(whole.slice(0, length))).toBeUndefined();
  }
});

test('this process has what Node says of it', () => {
  const { pageBytes, tickUs } = readKernelUnits();
  const sample = sampleProcess(process.pid);
  const { user, system } = process.cpuUsage();
  expect(sample).toMatchObject({ pid: process.pid, parentPid: process.ppid });
  expect(Math.abs((sample?.ownTicks ?? 0) * tickUs - user - system)).toBeLessThan(500_000);
  const rss = process.memoryUsage.rss();
  expect(Math.abs((sample?.residentPages ?? 0) * pageBytes - rss)).toBeLessThan(rss / 4);
});

test('there is no process of the number 0', () => {
  expect(sampleProcess(0)).toBeUndefined();
});
