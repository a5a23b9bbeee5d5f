import { discoverConfig, endpointName } from '@aurae/client';
import { runAuraed } from '../auraed-command.js';
import { checkCopies, copyCredentials } from '../copy-credentials.js';
import { exitCodes } from '../exit-codes.js';
import { connectOptions, type GlobalOptions } from '../global-options.js';
import { OutputStream } from '../output/output-stream.js';
import { formatIssued, readIssued } from './issued-certificate.js';

export interface PkiIssueOptions extends GlobalOptions {
  readonly days?: number;
  readonly overwrite?: boolean;
  readonly pkiDir?: string;
  readonly out?: string;
}

export async function runPkiIssue(name: string, options: PkiIssueOptions): Promise<number> {
  const { overwrite = false, out } = options;
  // What is wrong with the command line must not show only after a certificate was made.
  const { endpoint } = discoverConfig(connectOptions(options));
  if (out !== undefined) checkCopies(out, name, overwrite);
  const made = readIssued(await runAuraed(issueArguments(name, options)));
  const issued = out === undefined ? made : { ...made, ...copyCredentials(made, out) };
  const text =
    options.output === 'json'
      ? JSON.stringify({ ...issued, socket: endpointName(endpoint) })
      : formatIssued(issued, endpoint, out !== undefined);
  await new OutputStream(process.stdout).write(`${text}\n`);
  return exitCodes.success;
}

function issueArguments(name: string, options: PkiIssueOptions): string[] {
  const { days, overwrite = false, pkiDir, root = process.env['AURAE_ROOT'] || undefined } = options;
  const flag = (flagName: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${flagName}=${value}`];
  return [
    'pki',
    'issue',
    ...flag('days', days),
    ...flag('root', root),
    ...flag('pki-dir', pkiDir),
    ...(overwrite ? ['--overwrite'] : []),
    '--output',
    'json',
    '--',
    name,
  ];
}
