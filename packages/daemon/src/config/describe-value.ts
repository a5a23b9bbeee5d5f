/** A value of a configuration as a message quotes it: JSON, shortened. */
export function describeValue(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => (isOddNumber(inner) ? String(inner) : inner));
  if (text === undefined) return 'nothing';
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}

/** What stands at a path inside a value; undefined when nothing does. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

/** Those that JSON does not know: bigints, infinities and NaN. */
function isOddNumber(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value));
}
