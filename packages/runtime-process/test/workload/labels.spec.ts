import fc from 'fast-check';
import { InvalidSpecError } from '@aurae/proto';
import { expect, test } from 'vitest';
import { checkLabels } from '../../src/workload/labels.js';
import { Executables } from './executables.js';

test('labels are kept with the executable and shown with it, also by the next runtime', async () => {
  const executables = await Executables.open();
  const labels = { 'aurae.schedule/run': '7', role: 'site', empty: '' };
  await executables.start('web', ['sleep', '1000'], { labels });
  expect((await executables.status('web'))?.executable?.labels).toEqual(labels);
  await executables.restart();
  expect((await executables.status('web'))?.executable?.labels).toEqual(labels);
});

test.each([
  ['', 'the key of a label is empty'],
  ['-role', 'the key "-role" of a label is not allowed: it begins with a letter or a digit'],
  ['a b', 'the key "a b" of a label is not allowed'],
  ['é', 'the key "é" of a label is not allowed'],
  ['x'.repeat(129), /the key "x+…" of a label has 129 characters; at most 128 are allowed/],
])('the key %j is refused', async (key, message) => {
  const executables = await Executables.open();
  const start = executables.start('web', ['sleep', '1000'], { labels: { [key]: 'x' } });
  await expect(start).rejects.toThrow(InvalidSpecError);
  await expect(start).rejects.toThrow(message);
  expect(await executables.list()).toEqual([]);
});

test.each([
  ['a NUL byte', 'a\0b', 'the value of the label "role" contains a NUL byte'],
  ['4097 bytes', 'é'.repeat(2048) + 'x', 'the value of the label "role" has 4097 bytes; at most 4096 are allowed'],
])('a value with %s is refused, naming its key', (_, value, message) => {
  expect(() => checkLabels({ role: value })).toThrow(message);
});

test('64 labels are allowed, 65 are not', () => {
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, '']));
  expect(() => checkLabels(labels(64))).not.toThrow();
  expect(() => checkLabels(labels(65))).toThrow('there are 65 labels; at most 64 are allowed');
});

test('whatever has the form is allowed', () => {
  const key = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/).filter((text) => text !== '__proto__');
  const value = fc.string({ maxLength: 1000 }).map((text) => text.replaceAll('\0', ''));
  fc.assert(fc.property(fc.dictionary(key, value, { maxKeys: 64 }), (labels) => checkLabels(labels)));
});

test('criteria are for the schedule', async () => {
  const executables = await Executables.open();
  const start = executables.start('web', ['sleep', '1000'], {
    criteria: {
      timer: undefined,
      after: [],
      readiness: undefined,
      readyWithinMs: 0,
      liveness: undefined,
    },
  });
  await expect(start).rejects.toThrow(InvalidSpecError);
  await expect(start).rejects.toThrow(/criteria.*`aurae enable`/);
});
