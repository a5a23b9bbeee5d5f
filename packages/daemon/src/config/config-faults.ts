import type { OptionsIssue } from '@aurae/proto';
import type { z } from 'zod';
import { describeValue, isSecret, valueAt } from './describe-value.js';

/** Tells each issue of a schema as a sentence that names file, key, value and what is allowed. */
export function configFaults(file: string, value: unknown, schema: z.ZodType, error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => faultsOfIssue({ file, prefix: '', value, schema }, issue));
}

/**
 * The same for the options of a backend, whose schema may be of any library: the issues of zod tell more than what
 * Standard Schema asks for, those of others are told by their message.
 *
 * @param key where the options stand, such as `log.sinks[0].options`
 */
export function optionFaults(
  file: string,
  key: string,
  value: unknown,
  schema: unknown,
  issues: readonly OptionsIssue[],
): string[] {
  const checked = { file, prefix: key, value, schema };
  return issues.flatMap((issue) => {
    if ('code' in issue) return faultsOfIssue(checked, issue as z.core.$ZodIssue);
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    return [wrongValue(checked, path, issue.message)];
  });
}

/** What was checked, and where it stands. */
interface Checked {
  readonly file: string;
  /** The key of the value, as a message spells it; empty for the whole file. */
  readonly prefix: string;
  readonly value: unknown;
  readonly schema: unknown;
}

function faultsOfIssue(checked: Checked, issue: z.core.$ZodIssue): string[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(checked, issue.path, key));
    case 'invalid_key':
      return [wrongKey(checked, issue.path, issue.issues.map((rule) => allowedBy(rule)).join(', and '))];
    default:
      return [wrongValue(checked, issue.path, `it must be ${allowedBy(issue)}`)];
  }
}

function wrongValue({ file, prefix, value }: Checked, path: readonly PropertyKey[], reason: string): string {
  const key = keyName(prefix, path);
  const found = valueAt(value, path);
  if (found === undefined) return `${file}: ${key} is missing: ${reason}`;
  return `${file}: ${key} = ${isSecret(path) ? '(not shown)' : describeValue(found)} is not allowed: ${reason}`;
}

function wrongKey({ file, prefix }: Checked, path: readonly PropertyKey[], rule: string): string {
  return `${file}: ${keyName(prefix, path)} is not allowed: the key must be ${rule}`;
}

function unknownKey({ file, prefix, schema }: Checked, path: readonly PropertyKey[], key: string): string {
  const table = keyName(prefix, path);
  const known = allowedKeys(schema, path).join(', ') || 'nothing';
  const where = table === '' ? 'at the top level' : `in ${table}`;
  return `${file}: ${keyName(prefix, [...path, key])} is not a known key; allowed ${where}: ${known}`;
}

/** What the schema itself says, unless that is the text that zod has for everybody. */
function allowedBy(issue: z.core.$ZodIssue): string {
  if (!/^(Invalid|Too small|Too big)\b/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => describeValue(value)).join(', ')}`;
    case 'invalid_type':
      return article(issue.expected);
    case 'too_small':
      return atBound(issue.origin, `at least ${issue.minimum}`);
    case 'too_big':
      return atBound(issue.origin, `at most ${issue.maximum}`);
    default:
      return `valid (${issue.message})`;
  }
}

/** Strings and arrays are bounded in their length. */
function atBound(origin: string, bound: string): string {
  if (origin === 'string') return `a string, its length ${bound}`;
  return origin === 'array' ? `an array, its length ${bound}` : bound;
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

function keyName(prefix: string, path: readonly PropertyKey[]): string {
  const below = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${bareOrQuoted(String(part))}`));
  return `${prefix}${below.join('')}`.replace(/^\./, '');
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
