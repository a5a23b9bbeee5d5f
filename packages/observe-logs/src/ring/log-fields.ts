/** Structured facts of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Fields as a JSON object; the empty string when there are none. Errors keep name, message, stack and cause. It never
 * throws: a value that JSON cannot hold becomes its text. Fields of more than `maximumBytes` in all are left out, and
 * the object says so.
 */
export function encodeFields(fields: LogFields, maximumBytes: number): string {
  const json = stringify(fields) ?? stringify(salvage(fields)) ?? '';
  if (json === '{}') return '';
  const bytes = Buffer.byteLength(json);
  return bytes <= maximumBytes ? json : JSON.stringify({ omittedFieldsBytes: bytes });
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, replaceUnsupported);
  } catch {
    return undefined;
  }
}

function replaceUnsupported(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  // On purpose, though clients can stream these lines: whoever may read the daemon's log needs the stack for a bug report.
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, cause };
}

/** Saves what can be saved of fields of which one is cyclic, or throws when it is read. */
function salvage(fields: LogFields): LogFields {
  const saved: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) saved[key] = JSON.parse(readField(fields, key));
  return saved;
}

function readField(fields: LogFields, key: string): string {
  try {
    return stringify(fields[key]) ?? JSON.stringify(String(fields[key]));
  } catch {
    return '"(cannot be read)"';
  }
}
