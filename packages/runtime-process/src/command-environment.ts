import { userInfo } from 'node:os';
import { type FieldViolation, InvalidSpecError } from '@aurae/proto';

/** Marks every process of one command, as systemd's INVOCATION_ID does: a lost child is found again by it. */
export const invocationVariable = 'AURAE_INVOCATION_ID';

/**
 * Fixed, rather than that of the daemon: a command means the same however the daemon was started. It is what
 * Debian's login gives to root.
 */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of a command: the small base, then what was asked for, which wins. Never the daemon's own. */
export function commandEnvironment(
  requested: Readonly<Record<string, string>>,
  user: string | undefined,
  invocationId: string,
): Map<string, string> {
  check(requested);
  const environment = new Map<string, string>([['PATH', defaultPath]]);
  const language = process.env['LANG'];
  if (language) environment.set('LANG', language);
  // For another user, aurae-exec looks these up.
  if (user === undefined) for (const [name, value] of ownUserVariables()) environment.set(name, value);
  for (const [name, value] of Object.entries(requested)) environment.set(name, value);
  environment.set(invocationVariable, invocationId);
  return environment;
}

function check(requested: Readonly<Record<string, string>>): void {
  const violations: FieldViolation[] = [];
  for (const [name, value] of Object.entries(requested)) {
    const problem = problemOf(name, value);
    if (problem) violations.push({ field: `env.${shownName(name)}`, description: problem });
  }
  const [first] = violations;
  if (first) throw new InvalidSpecError(`Cannot set the environment: ${first.description}`, firstOf(violations));
}

const mostViolations = 16;

function firstOf(violations: readonly FieldViolation[]): readonly FieldViolation[] {
  const more = violations.length - mostViolations;
  if (more <= 0) return violations;
  return [...violations.slice(0, mostViolations), { field: 'env', description: `and ${more} more` }];
}

/** Up to the "=": what follows is likely a value, perhaps a secret one. 50 characters take at most 150 bytes. */
function shownName(name: string): string {
  const shown = name.split('=', 1)[0] ?? '';
  const start = shown.slice(0, 50).replaceAll('\0', '\\0');
  return shown.length > 50 ? `${start}…` : start;
}

function problemOf(name: string, value: string): string | undefined {
  if (name === '') return 'a variable has an empty name';
  if (name.includes('=')) return `the name "${shownName(name)}" contains "="`;
  if (name.includes('\0')) return `the name "${shownName(name)}" contains a NUL byte`;
  if (value.includes('\0')) return `the value of "${shownName(name)}" contains a NUL byte`;
  return undefined;
}

let ownVariables: readonly (readonly [string, string])[] | undefined;

function ownUserVariables(): readonly (readonly [string, string])[] {
  ownVariables ??= lookUpOwnUser();
  return ownVariables;
}

function lookUpOwnUser(): (readonly [string, string])[] {
  try {
    const { username, homedir, shell } = userInfo();
    return [
      ['HOME', homedir],
      ['SHELL', shell || '/bin/sh'],
      ['USER', username],
      ['LOGNAME', username],
    ];
  } catch {
    // A uid without an account.
    return [
      ['HOME', '/'],
      ['SHELL', '/bin/sh'],
    ];
  }
}
