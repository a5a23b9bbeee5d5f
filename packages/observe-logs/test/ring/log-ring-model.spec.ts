import type { observe } from '@aurae/proto';
import { LogRing } from '@aurae/observe-logs';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const signal = new AbortController().signal;

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), bytes: fc.nat({ max: 300 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      start: fc.oneof(
        fc.constant({}),
        fc.record({ tail: fc.integer({ min: 1, max: 8 }) }),
        fc.record({ after: fc.nat({ max: 60 }) }),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      reader: fc.nat(),
      items: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
);

/** What a ring of these bounds keeps, the slow and obvious way. */
class ModelRing {
  readonly sizes: number[] = [];

  constructor(
    private readonly items: number,
    private readonly bytes: number,
  ) {}

  get oldest(): number {
    let first = Math.max(0, this.sizes.length - this.items);
    while (first < this.sizes.length - 1 && this.sizes.slice(first).reduce((sum, size) => sum + size, 0) > this.bytes) {
      first += 1;
    }
    return first + 1;
  }

  start({ tail, after }: { tail?: number; after?: number }): number {
    if (after !== undefined && after <= this.sizes.length) return after + 1;
    return tail === undefined ? this.oldest : Math.max(this.oldest, this.sizes.length - tail + 1);
  }
}

interface Reader {
  readonly start: number;
  readonly iterator: AsyncIterator<observe.LogItem>;
  readonly received: observe.LogItem[];
  readonly pending: Promise<void>[];
}

function readOnce(reader: Reader): void {
  reader.pending.push(
    reader.iterator.next().then(({ done, value }) => {
      if (!done) reader.received.push(value);
    }),
  );
}

it('every reader gets every line once and in order, or is told how many it lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 120 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1024, max: 2048 }),
      async (operations, maximumItems, maximumBytes) => {
        const ring = new LogRing({ maximumItems, maximumBytes });
        const model = new ModelRing(maximumItems, maximumBytes);
        const readers: Reader[] = [];
        for (const step of operations) {
          if (step.kind === 'append') {
            model.sizes.push(step.bytes);
            const sequence = ring.append({ channel: '', line: 'x'.repeat(step.bytes), timestampMs: 0 });
            expect(Number(sequence)).toBe(model.sizes.length);
            expect(ring.keptItems).toBe(model.sizes.length - model.oldest + 1);
          } else if (step.kind === 'subscribe') {
            const { tail, after } = step.start as { tail?: number; after?: number };
            const start = after === undefined ? { ...(tail && { tail }) } : { afterSequence: BigInt(after) };
            const iterator = ring.subscribe({ signal, ...start })[Symbol.asyncIterator]();
            readers.push({ start: model.start(step.start), iterator, received: [], pending: [] });
          } else if (step.kind === 'read') {
            const reader = readers[step.reader % readers.length];
            for (let index = 0; reader && index < step.items; index++) readOnce(reader);
          } else {
            await new Promise(setImmediate);
          }
        }
        ring.end();
        for (const reader of readers) {
          await Promise.all(reader.pending);
          for await (const item of { [Symbol.asyncIterator]: () => reader.iterator }) reader.received.push(item);
          let previous = reader.start - 1;
          for (const { sequence, dropped, line } of reader.received) {
            expect(Number(sequence)).toBe(previous + 1 + Number(dropped));
            expect(line).toHaveLength(model.sizes[Number(sequence) - 1] ?? -1);
            previous = Number(sequence);
          }
          expect(previous).toBe(Math.max(model.sizes.length, reader.start - 1));
          const lost = reader.received.reduce((sum, { dropped }) => sum + Number(dropped), 0);
          expect(lost + reader.received.length).toBe(model.sizes.length - reader.start + 1);
        }
        expect(ring.waitingReaders).toBe(0);
      },
    ),
    { numRuns: 400 },
  );
});
