import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { builtInBackend, builtInNames } from '../../src/composition/built-in-backends.js';
import { configSchema } from '../../src/config/config-schema.js';

const reference = readFileSync(new URL('../../../../docs/log-sinks.md', import.meta.url), 'utf8');
const examples = [...reference.matchAll(/```toml\n(.*?)```/gs)].map(([, example = '']) => example);
const sections = new Map(reference.split('\n## ').map((section) => [section.split('\n', 1)[0] ?? '', section]));

it('every example is a valid configuration, with options that its sinks take', async () => {
  expect(examples.length).toBeGreaterThan(5);
  for (const example of examples) {
    const { log } = configSchema.parse(parse(example));
    for (const { use, options } of log.sinks) {
      const registration = await builtInBackend('log-sink', use);
      expect((await registration?.options['~standard'].validate(options))?.issues, example).toBeUndefined();
    }
  }
});

it.each(builtInNames('log-sink'))('the section of %s names all its options', async (name) => {
  const heading = name === 'stdout' || name === 'console' ? '`console` and `stdout`' : `\`${name}\``;
  const { options } = (await builtInBackend('log-sink', name)) as { options: unknown } as {
    options: { shape: Readonly<Record<string, unknown>> };
  };
  const keys = Object.keys(options.shape);
  expect(keys.length).toBeGreaterThan(1);
  expect(keys.filter((key) => !sections.get(heading)?.includes(`\`${key}\``))).toEqual([]);
});

it('the keys that all sinks have are named', () => {
  const { sinks } = configSchema.parse({ log: { sinks: [{}] } }).log;
  const table = sections.get('What every sink has') ?? '';
  expect(Object.keys(sinks[0] ?? {}).filter((key) => !table.includes(`\`${key}\``))).toEqual([]);
  for (const key of ['name', 'from']) expect(table).toContain(`\`${key}\``);
});
