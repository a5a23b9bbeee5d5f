import { isDeepStrictEqual } from 'node:util';

/** The text where it is read back as exactly the value; else the whole table. */
export function shortForm<Value>(
  text: string,
  value: Value,
  parse: (text: string) => Value | undefined,
  table: () => object,
): string | object {
  return isDeepStrictEqual(parse(text), value) ? text : table();
}

/** Without what is undefined, empty or 0: that is what a missing key means. */
export function withoutDefaults(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isDefault(value)));
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === '' || value === 0 || value === false) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).length === 0;
}
