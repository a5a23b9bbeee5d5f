import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  appendToSegmentIndex,
  listLogSegments,
  type LogReadOptions,
  type LogSegmentForm,
  nextLogSequence,
  summarizeSegment,
} from '@aurae/observe-logs';
import { endedBefore, readItems } from './collect.js';
import { criRecord, giveForm, temporaryDirectory, writeLogSegments } from './log-files.js';
import { openResources } from './open-resources.js';

interface ModelRecord {
  /** Empty: malformed. */
  readonly channel: 'stdout' | 'stderr' | '';
  /** Unix milliseconds, small. */
  readonly time: number;
  readonly size: number;
  readonly tag: 'F' | 'P';
}

interface ModelSegment {
  /** Numbers between the end of the segment before and this one. */
  readonly gap: number;
  readonly records: readonly ModelRecord[];
  readonly isTorn: boolean;
  /** Its form, once it is complete. */
  readonly form: LogSegmentForm;
  /** Whether the index tells of it. */
  readonly isIndexed: boolean;
}

const record: fc.Arbitrary<ModelRecord> = fc.record({
  channel: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('stdout' as const, 'stderr' as const) },
    { weight: 1, arbitrary: fc.constant('' as const) },
  ),
  time: fc.integer({ min: 1, max: 9 }),
  size: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 50 }) }, { weight: 1, arbitrary: fc.nat({ max: 90_000 }) }),
  tag: fc.constantFrom('F' as const, 'P' as const),
});

const segment: fc.Arbitrary<ModelSegment> = fc.record({
  gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
  records: fc.array(record, { maxLength: 8 }),
  isTorn: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  form: fc.constantFrom('written', 'sealed', 'compressed'),
  isIndexed: fc.boolean(),
});

/** Segments of which all records have nearly the same time, and the next ones others: the index can tell them apart. */
const burst = fc
  .tuple(segment, fc.integer({ min: 1, max: 8 }))
  .map(([each, time]) => ({ ...each, records: each.records.map((one) => ({ ...one, time: time + (one.time % 2) })) }));

const options = fc.record(
  {
    channel: fc.constantFrom('stdout' as const, 'stderr' as const),
    tail: fc.nat({ max: 9 }),
    afterSequence: fc.bigInt({ min: 0n, max: 30n }),
    untilSequence: fc.bigInt({ min: 0n, max: 30n }),
    sinceMs: fc.integer({ min: 1, max: 9 }),
    untilMs: fc.integer({ min: 1, max: 9 }),
  },
  { requiredKeys: [] },
);

type Options = Omit<LogReadOptions, 'directory' | 'follow' | 'signal'>;

const lineOf = ({ size, channel }: ModelRecord, sequence: number) => `${channel}${sequence} ${'x'.repeat(size)}`;

function bytesOf(segment: ModelSegment, first: number): Buffer[] {
  const records = segment.records.map((each, index) => {
    const line = lineOf(each, first + index);
    if (each.channel === '') return Buffer.from(`${line}\n`);
    return criRecord(line, { time: new Date(each.time).toISOString(), head: `${each.channel} ${each.tag}` });
  });
  return segment.isTorn ? [...records, Buffer.from('1970-01-01T00:00:00Z stdout F to')] : records;
}

/** What a read has to deliver, the slow and obvious way: [sequence, dropped, line], and at the end what is lost there. */
function expected(
  log: readonly (ModelSegment & { first: number })[],
  { tail = 0, ...range }: Options,
  end?: number,
): { items: [number, number, string][]; lost: number } {
  const from = range.afterSequence === undefined ? undefined : Number(range.afterSequence) + 1;
  const until = Math.min(Number(range.untilSequence ?? 1000n), end ?? 1000);
  const { sinceMs = -1, untilMs = 1000 } = range;
  const items: [number, number, string][] = [];
  let lost = 0;
  let position = from;
  let isLate = false;
  let wasTorn = false;
  let next = -1;
  if ((from ?? 0) >= until) return { items, lost };
  const lose = (sequence: number, minimum: number) => {
    const before = position ?? sequence;
    position = Math.max(before, Math.min(sequence, until));
    if (!isLate) lost += Math.max(position - before, minimum);
  };
  const start = log.findLastIndex(({ first }) => first <= (from ?? 0));
  for (const each of log.slice(Math.max(0, start))) {
    if ((position ?? 0) >= until) break;
    lose(each.first, wasTorn ? 1 : 0);
    wasTorn = each.isTorn;
    for (const [index, record] of each.records.entries()) {
      const sequence = each.first + index;
      if (sequence < (from ?? 0)) continue;
      if (sequence >= until) break;
      position = sequence + 1;
      const isMalformed = record.channel === '';
      const isEarly = !isMalformed && record.time < sinceMs;
      if (isEarly) lost = 0;
      isLate = !isMalformed && record.time > untilMs;
      if (isEarly || isLate || !(isMalformed || record.channel === (range.channel ?? record.channel))) continue;
      items.push([sequence, lost, lineOf(record, sequence)]);
      lost = 0;
    }
    next = each.first + each.records.length;
  }
  if (end !== undefined && position !== undefined) lose(end, wasTorn && next === until && until === end ? 1 : 0);
  const leftOut = tail === 0 ? undefined : items.at(-tail - 1);
  if (!leftOut) return { items, lost };
  return expected(log, { ...range, afterSequence: BigInt(leftOut[0]) }, end);
}

/** Does with the complete segments what the keeper does. */
async function keep(directory: string, log: readonly (ModelSegment & { first: number })[]): Promise<void> {
  for (const { first, form } of log.slice(0, -1)) await giveForm(directory, first, form);
  for (const segment of await listLogSegments(directory)) {
    const isIndexed = log.some(({ first, isIndexed }) => isIndexed && first === segment.firstSequence);
    if (isIndexed) await appendToSegmentIndex(directory, [await summarizeSegment(segment)]);
  }
}

it('every selected record is delivered once and in order, and every loss is told', async () => {
  const ending = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(segment, burst), { maxLength: 6 }),
      fc.nat({ max: 5 }),
      options,
      ending,
      async (log, first, range, more) => {
        const directory = temporaryDirectory();
        let next = first + 1;
        const numbered = log.map((each, index) => {
          const firstSequence = next + (index === 0 ? 0 : each.gap);
          next = firstSequence + each.records.length;
          return { ...each, first: firstSequence };
        });
        // Two segments of one name cannot be.
        const segments = numbered.filter(({ first }, index) => numbered[index + 1]?.first !== first);
        const written = segments.map((each) => ({ firstSequence: each.first, bytes: bytesOf(each, each.first) }));
        await writeLogSegments(directory, written);
        await keep(directory, segments);
        const end = more === undefined ? undefined : next + more;
        const follow = end === undefined ? false : endedBefore(end);
        const items = await readItems({ directory, ...range, follow });
        const model = expected(segments, range, end);
        const records = items.filter(({ level }) => level === '');
        expect(records.map(({ sequence, dropped, line }) => [Number(sequence), Number(dropped), line])).toEqual(
          model.items,
        );
        expect(items.filter(({ level }) => level !== '').map(({ dropped }) => Number(dropped))).toEqual(
          model.lost === 0 ? [] : [model.lost],
        );
        expect(await nextLogSequence(directory)).toBe(BigInt(segments.length === 0 ? 1 : next));
        expect(openResources(directory)).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
