import { UsageError } from '../failures.js';

/** The variables of `--env NAME=VALUE`, and of `--env NAME` those that the caller has. */
export function environmentOf(
  options: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const variables = new Map<string, string>();
  for (const option of options) {
    const equals = option.indexOf('=');
    const name = equals === -1 ? option : option.slice(0, equals);
    if (name === '') throw new UsageError(`option --env "${option}" names no variable: write NAME=VALUE or NAME`);
    const value = equals === -1 ? own[name] : option.slice(equals + 1);
    if (value !== undefined) variables.set(name, value);
  }
  return Object.fromEntries(variables);
}
