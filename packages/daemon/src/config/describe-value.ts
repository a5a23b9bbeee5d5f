const secretKey = /password|secret|token|^headers$/i;

/** Whether the value at such a path may be a secret, also one that was put into the wrong place. */
export function isSecret(path: readonly PropertyKey[]): boolean {
  return path.some((part) => secretKey.test(String(part)));
}

/** A value of a configuration as a message quotes it: JSON, shortened, without what may be secrets. */
export function describeValue(value: unknown): string {
  const json = JSON.stringify(value, (key, inner: unknown) => {
    if (isSecret([key])) return '(not shown)';
    return isOddNumber(inner) ? String(inner) : inner;
  });
  if (json === undefined) return 'nothing';
  // Greedy: a password in a URL may hold anything.
  const text = json.replace(/\/\/[^\s"]*@/g, '//…@');
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
