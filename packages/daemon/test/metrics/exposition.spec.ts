import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptedFormat, contentTypes, exposition } from '../../src/metrics/exposition.js';
import { MetricRegistry } from '../../src/metrics/metric-registry.js';
import { ScrapedText } from './scraped-text.js';

function someMetrics(): MetricRegistry {
  const registry = new MetricRegistry();
  registry.counter('aurae_things_total', 'Things', ['kind']).inc({ kind: 'a' }, 3);
  registry.gauge('aurae_level', 'Level').set(0.5);
  registry.histogram('aurae_time_seconds', 'Time', [0.1, 1]).observe(0.3);
  return registry;
}

test('the old format names a counter with its end', async () => {
  const { text, types, values } = new ScrapedText(await exposition(someMetrics(), 'prometheus'));
  expect(types).toEqual(
    new Map([
      ['aurae_things_total', 'counter'],
      ['aurae_level', 'gauge'],
      ['aurae_time_seconds', 'histogram'],
    ]),
  );
  expect(Object.fromEntries(values)).toMatchObject({
    'aurae_things_total{kind="a"}': 3,
    'aurae_level{}': 0.5,
    'aurae_time_seconds_bucket{le="0.1"}': 0,
    'aurae_time_seconds_bucket{le="1"}': 1,
    'aurae_time_seconds_bucket{le="+Inf"}': 1,
    'aurae_time_seconds_count{}': 1,
  });
  expect(text).not.toContain('# EOF');
});

test('OpenMetrics names the family without it, and ends with a mark', async () => {
  const { text, types, values } = new ScrapedText(await exposition(someMetrics(), 'openmetrics'));
  expect(types.get('aurae_things')).toBe('counter');
  expect(values.get('aurae_things_total{kind="a"}')).toBe(3);
  expect(text.endsWith('\n# EOF\n')).toBe(true);
});

test('one format leaves nothing behind in the other', async () => {
  const registry = someMetrics();
  const before = await exposition(registry, 'prometheus');
  const [, again] = await Promise.all([exposition(registry, 'openmetrics'), exposition(registry, 'prometheus')]);
  expect(again).toBe(before);
  expect(await exposition(registry, 'prometheus')).toBe(before);
});

test('a label comes back as it was, whatever is in it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', 'é', '😀') }),
      async (kind) => {
        const registry = new MetricRegistry();
        registry.gauge('aurae_level', 'Level', ['kind']).set({ kind }, 1);
        for (const format of ['prometheus', 'openmetrics'] as const) {
          expect(new ScrapedText(await exposition(registry, format)).samples).toEqual([
            { name: 'aurae_level', labels: { kind }, value: 1 },
          ]);
        }
      },
    ),
  );
});

test.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/html,*/*;q=0.8', 'prometheus'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1', 'openmetrics'],
  ['application/openmetrics-text;q=0.3, text/plain;q=0.4', 'prometheus'],
  ['application/openmetrics-text;q=0', 'prometheus'],
  ['application/openmetrics-text;q=nonsense', 'prometheus'],
  ['Application/OpenMetrics-Text; version=1.0.0 ; Q=0.9', 'openmetrics'],
])('Accept of %s gets %s', (accept, format) => {
  expect(acceptedFormat(accept)).toBe(format);
});

test('no Accept header is too much', () => {
  fc.assert(fc.property(fc.string(), (accept) => void expect(contentTypes[acceptedFormat(accept)]).toBeDefined()));
});
