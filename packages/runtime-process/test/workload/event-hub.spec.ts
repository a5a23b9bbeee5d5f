import { ResourceExhaustedError } from '@aurae/proto';
import { expect, test } from 'vitest';
import { EventHub } from '../../src/workload/event-hub.js';

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

async function take(events: AsyncIterator<number>, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) taken.push((await events.next()).value as number);
  return taken;
}

test('what is published while the first are read comes behind them', async () => {
  const hub = new EventHub<number>();
  const over = new AbortController();
  const events = hub.subscribe(() => numbers(0, 3), over.signal);
  expect(await take(events, 1)).toEqual([0]);
  hub.publish(3);
  expect(await take(events, 3)).toEqual([1, 2, 3]);
  await events.return(undefined);
});

test('however many come first, none of what follows is lost for that', async () => {
  const hub = new EventHub<number>();
  const over = new AbortController();
  const events = hub.subscribe(() => numbers(0, 100_000), over.signal);
  await take(events, 1);
  hub.publish(100_000);
  expect(await take(events, 100_000)).toEqual(numbers(1, 100_001));
  await events.return(undefined);
});

test('one that is too slow is told, once it has had what was kept', async () => {
  const hub = new EventHub<number>();
  const over = new AbortController();
  const events = hub.subscribe(() => [0], over.signal);
  await take(events, 1);
  for (const number of numbers(0, 65_537)) hub.publish(number);
  expect(await take(events, 65_536)).toEqual(numbers(0, 65_536));
  await expect(events.next()).rejects.toThrow(ResourceExhaustedError);
});

test('it ends with its signal', async () => {
  const hub = new EventHub<number>();
  const over = new AbortController();
  const next = hub.subscribe(() => [], over.signal).next();
  over.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
});
