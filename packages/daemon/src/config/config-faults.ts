import type { z } from 'zod';
import { describeValue, valueAt } from './describe-value.js';

/** Tells each issue of a schema as a sentence that names file, key, value and what is allowed. */
export function configFaults(file: string, value: unknown, schema: z.ZodType, error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey(file, issue.path, key, allowedKeys(schema, issue.path)));
    }
    const key = keyName(issue.path);
    return [
      `${file}: ${key} = ${describeValue(valueAt(value, issue.path))} is not allowed: it must be ${allowed(issue)}`,
    ];
  });
}

function unknownKey(file: string, path: readonly PropertyKey[], key: string, known: readonly string[]): string {
  const where = path.length === 0 ? 'at the top level' : `in ${keyName(path)}`;
  return `${file}: ${keyName([...path, key])} is not a known key; allowed ${where}: ${known.join(', ')}`;
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.message.startsWith('Invalid')
        ? issue.values.map((value) => describeValue(value)).join(', ')
        : issue.message;
    case 'invalid_type':
      return issue.message.startsWith('Invalid') ? article(issue.expected) : issue.message;
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = {
    int: 'a whole number',
    number: 'a number',
    object: 'a table',
    record: 'a table',
    array: 'an array',
    boolean: 'true or false',
  };
  return names[type] ?? `a ${type}`;
}

function keyName(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function allowedKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const at = path.reduce<unknown>((inner, part) => memberOf(unwrapped(inner), part), schema);
  const shape = (unwrapped(at) as { shape?: object } | undefined)?.shape;
  return Object.keys(shape ?? {});
}

function memberOf(schema: unknown, part: PropertyKey): unknown {
  if (typeof part === 'number') return (schema as { element?: unknown } | undefined)?.element;
  return (schema as { shape?: Record<PropertyKey, unknown> } | undefined)?.shape?.[part];
}

/** Below defaults and optionality lies the schema that knows its keys. */
function unwrapped(schema: unknown): unknown {
  const inner = (schema as { def?: { innerType?: unknown } } | undefined)?.def?.innerType;
  return inner === undefined ? schema : unwrapped(inner);
}
