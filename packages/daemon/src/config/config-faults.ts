import type { OptionsIssue } from '@aurae/proto';
import type { z } from 'zod';
import { describeValue, valueAt } from './describe-value.js';

/** Tells each issue of a schema as a sentence that names file, key, value and what is allowed. */
export function configFaults(file: string, value: unknown, schema: z.ZodType, error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => faultsOfIssue({ file, prefix: [], value, schema }, issue));
}

/**
 * The same for the options of a backend, whose schema may be of any library: the issues of zod tell more than what
 * Standard Schema asks for, those of others are told by their message.
 */
export function optionFaults(
  file: string,
  key: string,
  value: unknown,
  schema: unknown,
  issues: readonly OptionsIssue[],
): string[] {
  const prefix = key.split('.');
  return issues.flatMap((issue) => {
    if ('code' in issue) return faultsOfIssue({ file, prefix, value, schema }, issue as z.core.$ZodIssue);
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    return [notAllowed({ file, prefix, value, schema }, path, issue.message)];
  });
}

/** What was checked, and where it stands. */
interface Checked {
  readonly file: string;
  readonly prefix: readonly string[];
  readonly value: unknown;
  readonly schema: unknown;
}

function faultsOfIssue(checked: Checked, issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return [notAllowed(checked, issue.path, `it must be ${allowed(issue)}`)];
  const { file, prefix, schema } = checked;
  const at = [...prefix, ...issue.path];
  return issue.keys.map((key) => unknownKey(file, at, key, allowedKeys(schema, issue.path)));
}

function notAllowed({ file, prefix, value }: Checked, path: readonly PropertyKey[], reason: string): string {
  return `${file}: ${keyName([...prefix, ...path])} = ${describeValue(valueAt(value, path))} is not allowed: ${reason}`;
}

function unknownKey(file: string, path: readonly PropertyKey[], key: string, known: readonly string[]): string {
  const where = path.length === 0 ? 'at the top level' : `in ${keyName(path)}`;
  return `${file}: ${keyName([...path, key])} is not a known key; allowed ${where}: ${known.join(', ') || 'nothing'}`;
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
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${bareOrQuoted(String(part))}`))
    .join('')
    .replace(/^\./, '');
}

/** As TOML has it; a key may hold anything, escape sequences for the terminal included. */
function bareOrQuoted(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}

function allowedKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  const at = path.reduce<unknown>((inner, part) => memberOf(unwrapped(inner), part), schema);
  const shape = (unwrapped(at) as { shape?: object } | undefined)?.shape;
  return Object.keys(shape ?? {});
}

function memberOf(schema: unknown, part: PropertyKey): unknown {
  if (typeof part === 'number') return (schema as { element?: unknown } | undefined)?.element;
  return (schema as { shape?: Record<PropertyKey, unknown> } | undefined)?.shape?.[part];
}

/** Below defaults, optionality and transformations lies the schema that knows its keys. */
function unwrapped(schema: unknown): unknown {
  const def = (schema as { def?: { innerType?: unknown; in?: unknown } } | undefined)?.def;
  const inner = def?.innerType ?? def?.in;
  return inner === undefined ? schema : unwrapped(inner);
}
