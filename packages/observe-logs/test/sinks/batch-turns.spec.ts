import { expect, it } from 'vitest';
import { BatchTurns } from '../../src/sinks/batch-turns.js';
import { numbered } from './fixtures/workload-records.js';

const never = new AbortController().signal;

class Gate {
  open = () => {};
  fail: (error: Error) => void = () => {};
  passages = 0;
  readonly pass = (): Promise<void> => {
    this.passages += 1;
    return new Promise((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  };
}

/** A write of which the caller has given up, while it still goes on. */
async function givenUp() {
  const turns = new BatchTurns();
  const gate = new Gate();
  const records = numbered(1, 3);
  const caller = new AbortController();
  const first = turns.write(records, caller.signal, gate.pass);
  await expect.poll(() => gate.passages).toBe(1);
  caller.abort();
  await expect(first).rejects.toThrow('cancelled');
  return { turns, gate, records };
}

it('a write that was given up goes on, and the same batch again waits for it', async () => {
  const { turns, gate, records } = await givenUp();
  const again = turns.write(records, never, gate.pass);
  gate.open();
  await again;
  expect(gate.passages).toBe(1);
  // Accepted and written once more is another write.
  const later = turns.write(records, never, gate.pass);
  await expect.poll(() => gate.passages).toBe(2);
  gate.open();
  await later;
});

it('a failure is told once, and the next attempt begins anew', async () => {
  const { turns, gate, records } = await givenUp();
  gate.fail(new Error('torn'));
  await turns.idle(never);
  await expect(turns.write(records, never, gate.pass)).rejects.toThrow('torn');
  const again = turns.write(records, never, gate.pass);
  await expect.poll(() => gate.passages).toBe(2);
  gate.open();
  await again;
});

it('batches take turns in the order in which they came', async () => {
  const turns = new BatchTurns();
  const order: string[] = [];
  const gate = new Gate();
  const perform = (name: string) => async () => {
    order.push(`${name} begins`);
    await gate.pass();
    order.push(`${name} ends`);
  };
  const first = turns.write(numbered(1, 1), never, perform('first'));
  const second = turns.write(numbered(2, 1), never, perform('second'));
  await expect.poll(() => gate.passages).toBe(1);
  gate.open();
  await first;
  await expect.poll(() => gate.passages).toBe(2);
  gate.open();
  await second;
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});
