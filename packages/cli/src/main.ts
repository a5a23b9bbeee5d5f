import { CommanderError } from 'commander';
import { AuraedError } from './auraed-error.js';
import { endProcess } from './end-process.js';
import { exitCodes } from './exit-codes.js';
import { CommandFailure, InterruptedError, UsageError } from './failures.js';
import { HelpOutput } from './output/help-output.js';
import { createProgram } from './program.js';
import { describeError } from './report-error.js';

/** The `aurae` command. Sets the exit code; the process ends once its output is written. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await run(argv);
  } catch (error) {
    // Output that nobody takes must not hold up an interrupted command.
    if (error instanceof InterruptedError) endProcess(error.exitCode);
    process.exitCode = fail(error, argv);
  }
}

async function run(argv: readonly string[]): Promise<void> {
  const help = new HelpOutput();
  const program = createProgram(help, (exitCode) => {
    process.exitCode = exitCode;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } finally {
    await help.written();
  }
}

function fail(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommandFailure) {
    report(toUsageError(error.cause), argv);
    return error.exitCode;
  }
  if (!(error instanceof CommanderError)) {
    report(error, argv);
    return exitCodeOf(error);
  }
  if (error.exitCode === 0) return exitCodes.success;
  // With no command at all, commander has shown the help.
  if (error.code !== 'commander.help') report(toUsageError(error), argv);
  return exitCodes.usage;
}

/** auraed tells by its exit code whose fault it is. */
function exitCodeOf(error: unknown): number {
  if (error instanceof AuraedError) return error.exitCode;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failure;
}

function toUsageError(error: unknown): unknown {
  if (!(error instanceof CommanderError || error instanceof UsageError)) return error;
  return new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
}

function report(error: unknown, argv: readonly string[]): void {
  process.stderr.on('error', () => {});
  process.stderr.write(describeError(error, wantsJson(argv)));
}

/** The command line itself may be what is wrong, so it is searched rather than parsed. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.some((word, index) => word === '--output=json' || (word === '--output' && own[index + 1] === 'json'));
}
