/** A value of a configuration as a message quotes it: JSON, shortened. */
export function describeValue(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
  if (text === undefined) return 'nothing';
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}

/** What stands at a path inside a value; undefined when nothing does. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part], value);
}
