import { homedir } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { DaemonFlags } from './composition/daemon-settings.js';
import { configSchema } from './config/config-schema.js';
import { version } from './version.js';

/** What the process ends with. */
const exitCodes = { usage: 2, failure: 1 } as const;

/** The `auraed` command. Ends the process itself. */
export async function main(argv: readonly string[]): Promise<void> {
  ignoreClosedOutput();
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
    else process.exitCode = reportFailure(error, wantsJson(argv));
  }
}

function program(): Command {
  const command = new Command('auraed')
    .description('Owns the workloads of this machine and serves them over gRPC.')
    .version(version)
    .showHelpAfterError('(run "auraed --help" for the flags)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'auraed: ')) })
    // Otherwise `auraed` takes the flags of `auraed pki issue` for its own.
    .enablePositionalOptions()
    .exitOverride();
  pathOptions(command)
    .option('--socket <path>', 'Unix socket to serve on', path)
    .option('--listen <host:port>', 'also serve on TCP', tcpAddress)
    .option('--state-dir <dir>', 'what survives a reboot', path)
    .option('--run-dir <dir>', 'what survives the daemon, not a reboot', path)
    .option('--ca-crt <file>', 'certificate authority whose clients are let in', path)
    .option('--server-crt <file>', "the server's certificate", path)
    .option('--server-key <file>', "the server's private key", path)
    .addOption(new Option('--log-level <level>').choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal']))
    .addHelpText(
      'after',
      `
Examples:
  auraed                              serve with the defaults
  auraed --root ~/node1               keep everything below one directory
  auraed --listen 127.0.0.1:8080      serve on TCP too
  auraed pki issue alice              make a client certificate`,
    )
    .action(async (options: RunOptions) => {
      const { runDaemon } = await import('./run-daemon.js');
      await runDaemon(options, surroundings());
    });
  command.addCommand(pkiCommand(command));
  return command;
}

function pkiCommand(parent: Command): Command {
  const pki = new Command('pki').description('Works on the certificates of this daemon.').copyInheritedSettings(parent);
  const issue = pathOptions(new Command('issue'))
    .argument('<name>', 'what the certificate calls its holder')
    .description('Makes the key and certificate of a client, signed by the CA of this daemon.')
    .option('--days <days>', 'how long it is valid, 1 to 3650 (default: 365)', wholeNumber)
    .option('--overwrite', 'replace the files of the same name')
    .addOption(new Option('--output <form>').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  auraed pki issue alice --days 90')
    .action(async (name: string, options: IssueOptions) => {
      const { issueClientCertificate } = await import('./issue-client-certificate.js');
      process.stdout.write(await issueClientCertificate(name, options, surroundings()));
    });
  return pki.addCommand(issue.copyInheritedSettings(pki));
}

/** A terminal, a pager or a log collector that goes away must not take the daemon with it. */
function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Flags that say where everything lives. */
export interface PathOptions {
  readonly root?: string;
  readonly config?: string;
  readonly pkiDir?: string;
}

export interface RunOptions extends PathOptions, DaemonFlags {
  readonly pkiDir?: string;
}

export interface IssueOptions extends PathOptions {
  readonly days?: number;
  readonly overwrite?: boolean;
  readonly output: 'text' | 'json';
}

function pathOptions(command: Command): Command {
  return command
    .option('--root <dir>', 'keep every path below this directory', path)
    .option('--config <file>', 'configuration file', path)
    .option('--pki-dir <dir>', 'keys and certificates', path);
}

function path(text: string): string {
  if (text === '' || text.includes('\0')) throw new InvalidArgumentError('It must be a path.');
  return text;
}

function tcpAddress(text: string): string {
  const result = configSchema.shape.tcp.safeParse({ listen: text });
  if (result.success) return text;
  throw new InvalidArgumentError(`It must be ${result.error.issues[0]?.message}.`);
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function surroundings() {
  return { uid: process.geteuid?.() ?? 0, home: homedir(), env: process.env };
}

/** Asked before the command line is understood, since that may be what fails. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.includes('--output=json') || argv[argv.indexOf('--output') + 1] === 'json';
}

function reportFailure(error: unknown, asJson: boolean): number {
  const { name, message, stack, reason } = error as Error & { reason?: string };
  const isExpected = ['ConfigError', 'StartupError'].includes(name) || reason !== undefined;
  if (asJson) {
    process.stderr.write(`${JSON.stringify({ error: { reason: reason ?? name, message } })}\n`);
  } else {
    const text = isExpected ? message : (stack ?? message);
    process.stderr.write(`${text.replace(/^/gm, 'auraed: ')}\n`);
  }
  return name === 'ConfigError' || reason === 'INVALID_SPEC' ? exitCodes.usage : exitCodes.failure;
}
