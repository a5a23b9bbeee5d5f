import type { OptionsIssue } from '@aurae/proto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { builtInBackend } from '../../src/composition/built-in-backends.js';
import { optionFaults } from '../../src/config/config-faults.js';

const file = '/etc/aurae/auraed.toml';
const key = 'log.sinks[0].options';

async function faultsOf(sink: string, options: Readonly<Record<string, unknown>>): Promise<string[]> {
  const registration = await builtInBackend('log-sink', sink);
  const { issues = [] } = (await registration?.options['~standard'].validate(options)) ?? {};
  return optionFaults(file, key, options, registration?.options, issues);
}

it.each([
  ['a missing key', 'file', {}, 'path is missing: it must be an absolute path'],
  ['a wrong value', 'file', { path: 'logs' }, 'path = "logs" is not allowed: it must be an absolute path'],
  ['a wrong type', 'file', { path: 5 }, 'path = 5 is not allowed: it must be an absolute path'],
  ['a choice', 'file', { path: '/x', sync: 'all' }, 'sync = "all" is not allowed: it must be one of "none", "batch"'],
  [
    'a key that is taken',
    'loki',
    { endpoint: 'http://x', labels: { kind: 'x' } },
    'labels.kind is not allowed: the key must be a label that the sink does not set',
  ],
  [
    'a key that has odd characters',
    'loki',
    { endpoint: 'http://x', labels: { 'a b': 'x' } },
    'labels."a b" is not allowed: the key must be the name of a label: letters, digits and "_"',
  ],
  [
    'what goes together',
    'otlp',
    { endpoint: 'http://x', username: 'me' },
    'password_file is missing: it must be given: `username` and `password_file` go together',
  ],
  ['an unknown key', 'stdout', { colour: 1 }, `colour is not a known key; allowed in ${key}: format, level`],
])('the options of a sink: %s', async (_, sink, options, expected) => {
  expect(await faultsOf(sink, options)).toEqual([`${file}: ${key}.${expected}`]);
});

it.each([
  ['a header', 'otlp', { endpoint: 'http://x', headers: { authorization: 'Bearer hunter2\n' } }],
  ['a header with a wrong name', 'otlp', { endpoint: 'http://x', headers: { 'a b': 'hunter2' } }],
  ['all headers', 'otlp', { endpoint: 'http://x', headers: 'Authorization: hunter2' }],
  ['a URL', 'loki', { endpoint: 'http://me:hun/ter@hunter2@logs.example' }],
  ['a password in the place of its file', 'loki', { endpoint: 'http://x', username: 'me', password_file: 'hunter2' }],
  ['a table that is none', 'loki', { endpoint: { url: 'http://x', headers: { a: 'hunter2' }, token: 'hunter2' } }],
])('a secret is not told: %s', async (_, sink, options) => {
  const faults = await faultsOf(sink, options);
  expect(faults).toHaveLength(1);
  expect(faults[0]).not.toContain('hunter2');
});

it('issues of any library are told by their message', () => {
  const issues: OptionsIssue[] = [
    { message: 'give a size', path: ['sizes', 0] },
    { message: 'give a name', path: [{ key: 'name' }] },
    { message: 'mend it' },
  ];
  expect(optionFaults(file, key, { sizes: ['x'] }, undefined, issues)).toEqual([
    `${file}: ${key}.sizes[0] = "x" is not allowed: give a size`,
    `${file}: ${key}.name is missing: give a name`,
    `${file}: ${key} = {"sizes":["x"]} is not allowed: mend it`,
  ]);
});

it('what zod says by itself is kept where nothing better is known', () => {
  const schema = z.strictObject({
    code: z.string().regex(/^x$/),
    one: z.literal('a'),
    either: z.union([z.int(), z.null()]),
  });
  const options = { code: 'y', one: 'b', either: 'c' };
  const { issues = [] } = schema.safeParse(options).error ?? {};
  expect(optionFaults(file, key, options, schema, issues)).toEqual([
    `${file}: ${key}.code = "y" is not allowed: it must be valid (Invalid string: must match pattern /^x$/)`,
    `${file}: ${key}.one = "b" is not allowed: it must be "a"`,
    `${file}: ${key}.either = "c" is not allowed: it must be valid (Invalid input)`,
  ]);
});
