import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Alarm } from '../../src/keeper/alarm.js';
import { DelayedQueue } from '../../src/keeper/delayed-queue.js';
import { OldestFirst } from '../../src/keeper/oldest-first.js';
import { ManualClock, quiet } from '../fixtures/manual-clock.js';

it('the oldest is always first, whatever is added, changed and taken out', () => {
  const step = fc.record({ key: fc.nat(12), time: fc.option(fc.nat(20)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const times = new Map<number, number>();
      const order = new OldestFirst<number>((key) => times.get(key) ?? Infinity);
      for (const { key, time } of steps) {
        if (time === null) {
          order.delete(key);
          times.delete(key);
        } else {
          times.set(key, time);
          order.set(key);
        }
        const oldest = Math.min(...times.values());
        expect(order.first === undefined ? Infinity : times.get(order.first)).toBe(oldest);
      }
      const taken: number[] = [];
      for (let { first } = order; first !== undefined; { first } = order) {
        taken.push(times.get(first) as number);
        order.delete(first);
      }
      expect(taken).toEqual([...times.values()].sort((one, other) => one - other));
    }),
  );
});

it('work waits its time, is done one by one and in order, and no timer runs while there is none', async () => {
  const clock = new ManualClock();
  const done: string[] = [];
  const finish: (() => void)[] = [];
  const work = (item: string) => {
    done.push(item);
    return new Promise<void>((resolve) => finish.push(resolve));
  };
  const queue = new DelayedQueue({ clock, delayMs: 1000, work });
  expect(clock.sleeping).toBe(0);
  queue.push('a');
  await clock.advance(600);
  queue.push('b');
  await clock.advance(300);
  expect(done).toEqual([]);
  await clock.advance(5000);
  expect(done).toEqual(['a']);
  finish.shift()?.();
  await quiet();
  expect(done).toEqual(['a', 'b']);
  finish.shift()?.();
  await quiet();
  expect([clock.sleeping, queue.length]).toEqual([0, 0]);
  await queue.close();
});

it('urgent work waits for nothing but a pause', async () => {
  const clock = new ManualClock();
  const done: number[] = [];
  let isUrgent = false;
  const work = async (item: number) => {
    done.push(item);
    if (item === 1) throw new Error('it is its own to report');
  };
  const queue = new DelayedQueue({ clock, delayMs: 9000, isUrgent: () => isUrgent, work });
  for (const item of [1, 2, 3]) queue.push(item);
  await quiet();
  queue.wake();
  await quiet();
  expect(done).toEqual([]);
  isUrgent = true;
  queue.wake();
  await quiet();
  expect(done).toEqual([1, 2, 3]);
  queue.pause(60_000);
  queue.push(4);
  queue.wake();
  await clock.advance(59_000);
  expect(done).toHaveLength(3);
  await clock.advance(1000);
  expect(done).toHaveLength(4);
  queue.push(5);
  await queue.close();
  expect(clock.sleeping).toBe(0);
});

it('an alarm rings once, at the time that was set last', async () => {
  const clock = new ManualClock();
  let rings = 0;
  const alarm = new Alarm(clock, () => rings++);
  alarm.set(clock.now() + 5000);
  alarm.set(clock.now() + 24 * 3_600_000);
  await clock.advance(5 * 3_600_000);
  expect(rings).toBe(0);
  alarm.set(clock.now() + 10);
  await clock.advance(10);
  expect([rings, clock.sleeping]).toEqual([1, 0]);
  alarm.set(clock.now() + 1000);
  alarm.close();
  await clock.advance(5000);
  expect([rings, clock.sleeping]).toEqual([1, 0]);
});
