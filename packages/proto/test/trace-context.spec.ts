import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callContext, formatTraceparent, parseTraceparent, validTraceContext } from '../src/index.js';

const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((values) => values.map((value) => value.toString(16)).join(''))
    .filter((text) => !/^0+$/.test(text));
const place = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() });

const example = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a traceparent', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(place, (given) => {
        expect(parseTraceparent(formatTraceparent(given))).toEqual(given);
      }),
    );
  });

  it.each([
    ['too short', example.slice(1)],
    ['too long', `${example}0`],
    ['more of version 00', `${example}-00`],
    ['the version that there never is', `ff${example.slice(2)}`],
    ['capitals', example.toUpperCase()],
    ['no trace', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['no span', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['a line break', `${example}\n`],
    ['far too much', `01${example.slice(2)}-${'x'.repeat(10_000)}`],
    ['nothing', ''],
  ])('is none with %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('of a later version is read as far as it is the same', () => {
    const parsed = parseTraceparent(`cc${example.slice(2, -2)}09-what-comes`);
    expect(parsed).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      isSampled: true,
    });
  });

  it('is valid again after whatever came in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (traceparent, tracestate) => {
        const valid = validTraceContext({ traceparent, tracestate });
        expect(valid === undefined || parseTraceparent(valid.traceparent) !== undefined).toBe(true);
      }),
    );
  });
});

describe('a trace context', () => {
  it('keeps a tracestate of up to 512 characters that a header can carry, and leaves out any other', () => {
    const with_ = (tracestate: string) => validTraceContext({ traceparent: example, tracestate });
    expect(with_('vendor=1,other=2')).toEqual({ traceparent: example, tracestate: 'vendor=1,other=2' });
    expect(with_('v'.repeat(512))).toHaveProperty('tracestate');
    for (const wrong of ['', 'v'.repeat(513), 'ü=1', 'a=1\r\nevil: yes', ' a=1']) {
      expect(with_(wrong)).toEqual({ traceparent: example });
    }
  });

  it('comes into the context of a call, unless it is not valid', () => {
    expect(callContext({ traceparent: example, tracestate: 'a=1' })).toMatchObject({
      traceparent: example,
      tracestate: 'a=1',
    });
    expect(callContext({ traceparent: 'garbage', tracestate: 'a=1' })).not.toHaveProperty('tracestate');
    expect(callContext()).not.toHaveProperty('traceparent');
  });
});
