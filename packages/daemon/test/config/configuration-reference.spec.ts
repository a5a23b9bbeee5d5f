import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config/config-schema.js';

const reference = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');

interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly def: { readonly innerType?: Schema };
}

function keysOf(schema: Schema, prefix = ''): string[] {
  if (schema.def.innerType) return keysOf(schema.def.innerType, prefix);
  if (!schema.shape) return [prefix];
  return Object.entries(schema.shape).flatMap(([key, inner]) =>
    keysOf(inner, prefix === '' ? key : `${prefix}.${key}`),
  );
}

it('the reference names every key of the configuration', () => {
  const keys = keysOf(configSchema as unknown as Schema);
  expect(keys.length).toBeGreaterThan(20);
  const documented = (key: string) =>
    reference.includes(`\`${key}\``) ||
    (/^backends\.\w+\.options$/.test(key) && reference.includes('`backends.KIND.options`'));
  expect(keys.filter((key) => !documented(key))).toEqual([]);
});
