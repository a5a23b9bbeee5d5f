import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogLines } from '../../../src/schedule/probes/log-lines.js';
import { logItem } from './probe-fixture.js';

describe('lines in parts', () => {
  test('come out as they were, each channel by itself', () => {
    const channel = fc.constantFrom('stdout', 'stderr');
    const part = fc.record({ channel, line: fc.string({ maxLength: 5 }), partial: fc.boolean() });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 50 }), (parts) => {
        const lines = new LogLines();
        const got = parts.map(({ line, ...more }) => lines.add(logItem(line, more)));
        for (const name of ['stdout', 'stderr']) {
          const own = parts.filter((given) => given.channel === name);
          const text = own.map(({ line, partial }) => line + (partial ? '' : '\n')).join('');
          const gotOwn = got.filter((line, index) => line !== undefined && parts[index]?.channel === name);
          expect(gotOwn).toEqual(text.split('\n').slice(0, -1));
        }
      }),
    );
  });

  test('are given once they are 64 KiB long, and the rest is dropped', () => {
    const lines = new LogLines();
    const part = logItem('x'.repeat(40_000), { partial: true });
    expect(lines.add(part)).toBeUndefined();
    expect(lines.add(part)).toBe('x'.repeat(65_536));
    expect(lines.add(part)).toBeUndefined();
    expect(lines.add(logItem('end'))).toBeUndefined();
    expect(lines.add(logItem('next'))).toBe('next');
  });

  test('are no line any more when some of them were lost', () => {
    const lines = new LogLines();
    lines.add(logItem('not ', { partial: true }));
    expect(lines.add(logItem('ready', { dropped: 2n }))).toBe('ready');
  });
});
