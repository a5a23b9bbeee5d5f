import { schedule } from '@aurae/proto';
import { expect, test } from 'vitest';
import { ApplyIntakes } from '../../src/schedule/apply-intake.js';

function request(count: number, commentBytes: number): schedule.ApplyRequest {
  const executable = { command: 'true', comment: 'x'.repeat(commentBytes) };
  const record = { workload: { $case: 'executable' as const, value: executable }, disabled: false };
  return schedule.ApplyRequest.fromPartial({ records: Array.from({ length: count }, () => record) });
}

test('what all callers together make the daemon hold is bounded, and given back', () => {
  const intakes = new ApplyIntakes();
  const megabyte = request(1, 1024 * 1024);
  const first = intakes.begin();
  for (let count = 0; count < 200; count++) first.take(megabyte);
  const second = intakes.begin();
  expect(() => {
    for (let count = 0; count < 100; count++) second.take(megabyte);
  }).toThrow('Wait for others, or apply less at a time');
  second[Symbol.dispose]();
  first[Symbol.dispose]();
  const third = intakes.begin();
  for (let count = 0; count < 200; count++) third.take(megabyte);
});

test('more than 100000 workloads are refused, in one message or in many', () => {
  const intake = new ApplyIntakes().begin();
  intake.take(request(60_000, 0));
  expect(() => intake.take(request(60_000, 0))).toThrow('at most 100000 workloads are taken at a time');
});
