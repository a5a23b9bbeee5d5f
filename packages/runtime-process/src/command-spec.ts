import { type FieldViolation, InvalidSpecError, type runtime } from '@aurae/proto';
import { parseShellCommand } from './shell-command.js';

/** What of a request says how to run it, checked. */
export interface CommandSpec {
  /** How a person calls it: the name, else the program. Never the arguments, which may hold passwords. */
  readonly label: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly user: string | undefined;
}

/** Linux allows 32 characters for a user name (useradd(8)); this leaves room for a group and for other directories. */
const longestUserBytes = 256;

/** Throws `InvalidSpecError` for what cannot be right on any host. */
export function commandSpec(request: runtime.Executable): CommandSpec {
  const argv = request.argv.length > 0 ? checkedArguments(request.argv) : parseShellCommand(request.command).argv;
  const cwd = request.cwd === '' ? '/' : request.cwd;
  if (!cwd.startsWith('/')) refuse('cwd', `the working directory ${JSON.stringify(cwd)} is not an absolute path`);
  refuseNul('cwd', cwd);
  refuseNul('user', request.user);
  if (Buffer.byteLength(request.user) > longestUserBytes) {
    refuse('user', `the user is longer than ${longestUserBytes} bytes`);
  }
  const label = abbreviated(request.meta?.name || (request.argv[0] ?? firstWord(request.command)));
  return { label, argv, cwd, user: request.user === '' ? undefined : request.user };
}

function checkedArguments(argv: readonly string[]): readonly string[] {
  for (const [index, argument] of argv.entries()) refuseNul(`argv[${index}]`, argument);
  if (argv[0] === '') refuse('argv[0]', 'the program is empty');
  return argv;
}

/** Without the value where it is an assignment. */
function firstWord(command: string): string {
  const [word = ''] = command.trim().split(/\s/, 1);
  const equals = word.indexOf('=');
  return equals < 0 ? word : word.slice(0, equals + 1);
}

/** For a message. */
export function abbreviated(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

function refuseNul(field: string, value: string): void {
  if (value.includes('\0')) refuse(field, `${field} contains a NUL byte`);
}

function refuse(field: string, description: string): never {
  const violation: FieldViolation = { field, description };
  throw new InvalidSpecError(`Cannot run the command: ${description}`, [violation]);
}
