import { InvalidSpecError } from '@aurae/proto';
import { shellWords } from './shell-words.js';

export type ShellCommand =
  | { readonly kind: 'direct'; readonly argv: readonly string[] }
  | { readonly kind: 'shell'; readonly argv: readonly string[] };

/**
 * How a shell command is run. Plain words, quoted or not, need no shell: they become the arguments themselves.
 * Whatever a shell would give a meaning of its own goes to `/bin/sh -c`. The result is the same either way; running
 * directly spares a process. The grammar is that of XCU 2.2 and 2.3 (Shell Command Language, Quoting).
 */
export function parseShellCommand(command: string): ShellCommand {
  if (command.includes('\0')) throw invalid('contains a NUL byte');
  if (command.trim() === '') throw invalid('is empty');
  const words = plainWords(command);
  const [first] = words ?? [];
  // An "=" in the first word: an assignment, or too close to one to tell.
  const runsDirectly = words && first !== undefined && !first.includes('=') && !shellWords.has(first);
  return runsDirectly ? { kind: 'direct', argv: words } : { kind: 'shell', argv: shellArguments(command) };
}

function invalid(problem: string): InvalidSpecError {
  return new InvalidSpecError(`Cannot run the command: it ${problem}`, [
    { field: 'command', description: `the command ${problem}` },
  ]);
}

/** Special outside of quotes. Some only at the start of a word; a shell for them anywhere does no harm. */
const special = new Set('|&;<>()$`*?[]#~{}!\n\r\v\f');

/** The words of a command without any shell syntax; undefined when it has some. */
function plainWords(command: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < command.length; index++) {
    const character = command.charAt(index);
    if (special.has(character)) return undefined;
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"' || character === '\\') {
      const quoted = quotedText(command, index);
      if (!quoted) return undefined;
      word = (word ?? '') + quoted.text;
      index = quoted.end;
    } else {
      word = (word ?? '') + character;
    }
  }
  return word === undefined ? words : [...words, word];
}

interface Quoted {
  readonly text: string;
  /** Index of the last character of the quotation. */
  readonly end: number;
}

function quotedText(command: string, start: number): Quoted | undefined {
  switch (command.charAt(start)) {
    case "'":
      return singleQuoted(command, start);
    case '"':
      return doubleQuoted(command, start);
    default:
      return escaped(command, start);
  }
}

function singleQuoted(command: string, start: number): Quoted | undefined {
  const end = command.indexOf("'", start + 1);
  return end < 0 ? undefined : { text: command.slice(start + 1, end), end };
}

function doubleQuoted(command: string, start: number): Quoted | undefined {
  let text = '';
  for (let index = start + 1; index < command.length; index++) {
    const character = command.charAt(index);
    if (character === '"') return { text, end: index };
    if (character === '$' || character === '`') return undefined;
    if (character !== '\\') {
      text += character;
      continue;
    }
    const next = command.charAt(index + 1);
    if (next === '\n') return undefined;
    // Elsewhere a backslash inside double quotes stands for itself.
    if (next !== '' && '$`"\\'.includes(next)) {
      text += next;
      index++;
    } else {
      text += character;
    }
  }
  return undefined;
}

function escaped(command: string, start: number): Quoted | undefined {
  const text = command.charAt(start + 1);
  return text === '' || text === '\n' ? undefined : { text, end: start + 1 };
}

/** Characters of a piece; at most 3 bytes each, so a piece stays below MAX_ARG_STRLEN (128 KiB), execve(2). */
const pieceLength = 40_000;

/**
 * The kernel limits one argument to 128 KiB, so that a longer script comes in pieces, which the shell joins. It then
 * finds itself as with `-c`: the same `$0`, no positional parameters, no variable left over, stdin untouched.
 */
function shellArguments(command: string): string[] {
  if (Buffer.byteLength(command) < 128 * 1024) return ['/bin/sh', '-c', command];
  const pieces = piecesOf(command);
  const joined = pieces.map((_, index) => `\${${index + 1}}`).join('');
  const bootstrap = `aurae_script="${joined}"; shift ${pieces.length}; eval "unset aurae_script; $aurae_script"`;
  return ['/bin/sh', '-c', bootstrap, '/bin/sh', ...pieces];
}

function piecesOf(command: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < command.length; ) {
    let end = start + pieceLength;
    // Not between the two halves of a surrogate pair.
    if (/[\uD800-\uDBFF]/.test(command.charAt(end - 1))) end++;
    pieces.push(command.slice(start, end));
    start = end;
  }
  return pieces;
}
