import { redacted, redactText } from './redact-text.js';

type Fields = Readonly<Record<string, unknown>>;

/** Names whose values are never logged, in small letters and without `_`, `-` and `.`. */
const secretNames = new Set(['env', 'environ', 'environment', 'headers', 'auth', 'key', 'pem']);
const secretParts =
  /password|passwd|passphrase|secret|token|credential|authorization|cookie|apikey|accesskey|privatekey|secretkey/;

const deepest = 8;
const mostValues = 1000;
/** About where the log cuts a line. */
const longestText = 65_536;

/**
 * A copy of the fields of a line, of plain values alone, without secrets: not those that the names tell, and not those
 * that texts look like. It never throws, and is bounded: what lies too deep, or is too much, is said to be left out.
 */
export function redactFields(fields: Fields): Record<string, unknown> {
  return new Redaction().fields(fields, 0);
}

class Redaction {
  private left = mostValues;
  private readonly path = new Set<object>();

  fields(source: object, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(source)) {
      if (this.left <= 0) return set(copy, '…', 'more is left out');
      set(copy, name, isSecretName(name) ? redacted : this.valueAt(source, name, depth));
    }
    return copy;
  }

  private valueAt(source: object, name: string, depth: number): unknown {
    try {
      return this.value((source as Fields)[name], depth + 1);
    } catch {
      return '(cannot be read)';
    }
  }

  private value(value: unknown, depth: number): unknown {
    this.left -= 1;
    switch (typeof value) {
      case 'string':
        return redactText(shortened(value));
      case 'bigint':
        return value.toString();
      case 'symbol':
      case 'function':
        return `(${typeof value})`;
      case 'object':
        return value === null ? null : this.object(value, depth);
      default:
        return value;
    }
  }

  private object(value: object, depth: number): unknown {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof URL) return redactText(value.href);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`;
    if (depth > deepest || this.path.has(value)) return this.path.has(value) ? '(circular)' : '(left out)';
    this.path.add(value);
    try {
      return this.members(value, depth);
    } finally {
      this.path.delete(value);
    }
  }

  private members(value: object, depth: number): unknown {
    if (value instanceof Error) return this.error(value, depth);
    if (value instanceof Map) return this.fields(Object.fromEntries(value) as object, depth);
    if (Array.isArray(value) || value instanceof Set) return this.list(value, depth);
    return this.fields(value, depth);
  }

  private list(values: Iterable<unknown>, depth: number): unknown[] {
    const copy: unknown[] = [];
    for (const value of values) {
      if (this.left <= 0) return [...copy, 'more is left out'];
      copy.push(this.value(value, depth + 1));
    }
    return copy;
  }

  /** Name, message and stack are no members of their own that one could list. */
  private error(error: Error, depth: number): Record<string, unknown> {
    const { cause } = error;
    return {
      ...this.fields(error, depth),
      type: this.valueAt(error, 'name', depth),
      message: this.valueAt(error, 'message', depth),
      stack: this.valueAt(error, 'stack', depth),
      ...(cause === undefined ? {} : { cause: this.value(cause, depth + 1) }),
    };
  }
}

function shortened(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_.]/g, '');
  return secretNames.has(plain) || secretParts.test(plain);
}

/** As an own property, `__proto__` too. */
function set(target: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  return Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}
