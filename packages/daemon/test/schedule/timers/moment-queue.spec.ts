import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MomentQueue, type QueuedMoment } from '../../../src/schedule/timers/moment-queue.js';

test('gives the earliest first, whatever is added and removed in between', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), atMs: fc.nat(1000) }) },
    fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('take' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const queue = new MomentQueue<number>();
      const model: QueuedMoment<number>[] = [];
      const forget = (place: QueuedMoment<number> | undefined) => {
        if (!place) return;
        queue.remove(place);
        queue.remove(place);
        model.splice(model.indexOf(place), 1);
      };
      for (const [number, given] of steps.entries()) {
        if (given.kind === 'add') model.push(queue.add(number, given.atMs));
        else if (given.kind === 'take') forget(queue.first);
        else if (model.length > 0) forget(model[given.pick % model.length]);
        expect(queue.size).toBe(model.length);
        expect(queue.first?.atMs).toBe(model.length === 0 ? undefined : Math.min(...model.map(({ atMs }) => atMs)));
        expect(queue.items().toSorted()).toEqual(model.map(({ item }) => item).toSorted());
      }
    }),
  );
});
