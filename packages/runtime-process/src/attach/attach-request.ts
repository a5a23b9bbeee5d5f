import { type FieldViolation, InvalidSpecError, type runtime } from '@aurae/proto';
import { parseSignal } from '../signal-names.js';
import type { CommandChannels } from './command-channels.js';

/** What of the rest of a conversation a request is about. */
export interface AttachTarget {
  readonly channels: CommandChannels;
  signal(number: number): void;
}

const largestSize = 65_535;

/** The new command of an `open`. Throws `InvalidSpecError` for what this cannot be. */
export function commandOf(open: runtime.AttachOpen): runtime.Executable {
  if (open.target?.$case !== 'executable') {
    refuse('open.executable', 'a new command needs `executable` as its target');
  }
  if (open.argv.length > 0) refuse('open.argv', '`argv` is for containers and instances; give `executable.argv`');
  if (open.terminal) checkSize(open.terminal, 'open.terminal');
  return open.target.value;
}

/** Does what a request wants, but for `open`, which comes once. Throws `InvalidSpecError`. */
export function applyRequest({ input }: runtime.AttachRequest, { channels, signal }: AttachTarget): void {
  switch (input?.$case) {
    case 'stdin':
      return inputOf(channels, 'stdin').write(input.value);
    case 'stdinClosed':
      return input.value ? inputOf(channels, 'stdin_closed').end() : undefined;
    case 'resize':
      checkSize(input.value, 'resize');
      return channels.resize(input.value);
    case 'signal':
      return signal(parseSignal(input.value, 'signal'));
    case 'open':
      return refuse('open', 'the conversation is open already');
    case undefined:
      return refuse('input', 'the request is empty, or of a later version than this daemon knows');
  }
}

function inputOf({ input }: CommandChannels, field: string): NonNullable<CommandChannels['input']> {
  return input ?? refuse(field, 'the conversation was opened without `stdin`');
}

function checkSize({ rows, columns }: runtime.TerminalSize, field: string): void {
  for (const [name, value] of Object.entries({ rows, columns })) {
    if (value > largestSize) refuse(`${field}.${name}`, `${name} is ${value}; allowed is 0 to ${largestSize}`);
  }
}

function refuse(field: string, description: string): never {
  const violation: FieldViolation = { field, description };
  throw new InvalidSpecError(`Cannot go on with the conversation: ${description}`, [violation]);
}
