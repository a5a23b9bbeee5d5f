import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DetachDetector } from '../src/attach/detach-detector.js';

// Few different bytes, so that keys and beginnings of them are frequent.
const byte = fc.integer({ min: 0, max: 2 });
const keys = fc.array(byte, { minLength: 1, maxLength: 4 });
const chunks = fc.array(fc.array(byte, { maxLength: 6 }), { maxLength: 12 });

test('the keys are found wherever they are, and everything before them is passed on', () => {
  fc.assert(
    fc.property(keys, chunks, (sequence, typed) => {
      const detector = new DetachDetector(Uint8Array.from(sequence));
      const passed = typed.flatMap((chunk) => [...detector.pass(Uint8Array.from(chunk))]);
      const all = typed.flat();
      const index = all.findIndex((_, start) => sequence.every((key, offset) => all[start + offset] === key));
      expect(detector.found).toBe(index !== -1);
      if (index !== -1) {
        expect(passed).toEqual(all.slice(0, index));
      } else {
        // Held back is only what the keys could still begin with.
        const held = all.slice(passed.length);
        expect(passed).toEqual(all.slice(0, passed.length));
        expect(sequence.slice(0, held.length)).toEqual(held);
      }
    }),
    { numRuns: 2000 },
  );
});
