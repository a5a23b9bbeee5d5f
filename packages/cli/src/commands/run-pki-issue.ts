import { exitCodes } from '../exit-codes.js';
import type { GlobalOptions } from '../global-options.js';
import { OutputStream } from '../output/output-stream.js';
import { runAuraed } from '../auraed-command.js';
import { checkCopies, copyCredentials } from '../copy-credentials.js';
import { formatIssued, readIssued } from './issued-certificate.js';

export interface PkiIssueOptions extends GlobalOptions {
  readonly days?: number;
  readonly overwrite?: boolean;
  readonly pkiDir?: string;
  readonly out?: string;
}

export async function runPkiIssue(name: string, options: PkiIssueOptions): Promise<number> {
  const { days, overwrite = false, pkiDir, root = process.env['AURAE_ROOT'] || undefined, out } = options;
  const flag = (flagName: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${flagName}=${value}`];
  if (out !== undefined && !overwrite) checkCopies(out, name);
  const answer = await runAuraed([
    'pki',
    'issue',
    ...flag('days', days),
    ...flag('root', root),
    ...flag('pki-dir', pkiDir),
    ...(overwrite ? ['--overwrite'] : []),
    '--output=json',
    '--',
    name,
  ]);
  const made = readIssued(answer);
  const issued = out === undefined ? made : { ...made, ...copyCredentials(made, out) };
  const text = options.output === 'json' ? JSON.stringify(issued) : formatIssued(issued);
  await new OutputStream(process.stdout).write(`${text}\n`);
  return exitCodes.success;
}
