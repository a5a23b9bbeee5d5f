import { resolve } from 'node:path';
import { runtime } from '@aurae/proto';
import { quoteCommand } from '../shell-quote.js';
import { environmentLines, readVariables } from '../values/environment-file.js';
import { environmentOf } from '../values/environment-options.js';
import { parseSignal, signalForms } from '../values/signal-name.js';
import { readCriteria, writeCriteria } from './criteria-table.js';
import { durationText } from './duration-text.js';
import { readLimits, readProcessLimits, writeLimits, writeProcessLimits } from './limits-table.js';
import { readName } from './name-key.js';
import { readRestart, writeRestart } from './restart-table.js';
import { withoutDefaults } from './short-form.js';
import { asTexts, isTable, isText, type Table } from './table.js';

const usualSize: runtime.TerminalSize = { rows: 24, columns: 80 };

/** Reads all keys of an executable but those that every kind has. */
export function readExecutable(table: Table): runtime.Executable {
  const criteria = readCriteria(table);
  return runtime.Executable.fromPartial({
    ...readName(table),
    ...readCommand(table),
    comment: table.text('comment'),
    env: readEnvironment(table),
    cwd: table.textThat('cwd', (path) => path.startsWith('/'), "an absolute path on the daemon's machine"),
    user: table.text('user'),
    umask: table.textThat('umask', (mask) => /^0?[0-7]{1,3}$/.test(mask), 'octal digits in quotes, "0027"'),
    stopSignal: table.read('stop_signal', signalOf, signalForms) ?? '',
    stopGracePeriodMs: table.duration('stop_timeout'),
    stdin: table.flag('stdin'),
    limits: readLimits(table),
    processLimits: readProcessLimits(table),
    labels: table.textTable('labels'),
    restart: readRestart(table),
    terminal: readTerminal(table),
    ...(criteria ? { criteria } : {}),
  });
}

/** The other way round. What is only for `aurae exec` has no key: no schedule has it. */
export function writeExecutable(executable: runtime.Executable): Record<string, unknown> {
  const { meta, command, argv, comment, env, cwd, user, umask, stopSignal, stopGracePeriodMs, stdin } = executable;
  return {
    ...withoutDefaults({ name: meta?.name }),
    ...writeCommand(command, argv),
    ...withoutDefaults({ comment, cwd, user, umask, stop_signal: stopSignal }),
    ...withoutDefaults({
      stop_timeout: durationText(stopGracePeriodMs),
      stdin,
      tty: writeTerminal(executable.terminal),
    }),
    ...withoutDefaults({ restart: writeRestart(executable.restart) }),
    ...writeCriteria(executable.criteria),
    ...(executable.limits ? { limits: writeLimits(executable.limits) } : {}),
    ...withoutDefaults({ ulimits: writeProcessLimits(executable.processLimits), labels: executable.labels, env }),
  };
}

function readCommand(table: Table): { command: string; argv: string[] } {
  const argv = table.texts('argv');
  const command = table.text('command', 'a shell command');
  const given = table.has('given_command') ? table.text('given_command') : undefined;
  const hasArgv = table.has('argv');
  if (hasArgv && table.has('command')) {
    table.report(
      'argv and command are both there: a program and its arguments, or a shell command, not both',
      'command',
    );
  }
  const isEmpty = hasArgv ? isEmptyList(table.peek('argv')) : !table.has('command') || isBlank(table.peek('command'));
  if (isEmpty) {
    table.reportLack('there is nothing to run: give command = "a shell command" or argv = ["program", "argument"]');
  }
  return argv.length > 0 ? { argv, command: given ?? quoteCommand(argv) } : { argv, command };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isBlank(value: unknown): boolean {
  return isText(value) && value.trim() === '';
}

/** The API's command of a program with arguments is only what that is called. */
function writeCommand(command: string, argv: readonly string[]): Record<string, unknown> {
  if (argv.length === 0) return { command };
  return command === quoteCommand(argv) ? { argv } : { argv, given_command: command };
}

/** The files of `env_from` are read here and now; `env` wins over them. */
function readEnvironment(table: Table): Record<string, string> {
  const parse = (value: unknown) => (isText(value) ? [value] : asTexts(value));
  const files = table.read('env_from', parse, 'the name of a file, or a list of them') ?? [];
  const lines = files.flatMap((file) => {
    const path = resolve(table.source.baseDir, file);
    try {
      return environmentLines(readVariables(path, `"${path}"`), `"${path}"`);
    } catch (error) {
      table.report(`env_from: ${(error as Error).message}`, 'env_from');
      return [];
    }
  });
  return { ...environmentOf(lines, process.env), ...table.textTable('env') };
}

function readTerminal(table: Table): runtime.TerminalSize | undefined {
  const parse = (value: unknown) => {
    if (typeof value === 'boolean') return { size: value ? usualSize : undefined };
    return isTable(value) ? { size: readSize(table.inner(['tty'], value)) } : undefined;
  };
  return table.read('tty', parse, 'true, false, or a table with rows and columns')?.size;
}

function readSize(table: Table): runtime.TerminalSize {
  const size = { rows: table.count('rows'), columns: table.count('columns') };
  table.end();
  return size;
}

function writeTerminal(size: runtime.TerminalSize | undefined): unknown {
  if (!size) return undefined;
  const { rows, columns } = size;
  return rows === usualSize.rows && columns === usualSize.columns ? true : { rows, columns };
}

/** As it is written: the daemon knows it in all its forms. */
function signalOf(value: unknown): string | undefined {
  const text = isText(value) || typeof value === 'number' ? String(value) : '';
  return parseSignal(text) === undefined ? undefined : text;
}
