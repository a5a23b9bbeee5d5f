import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { notEmpty, wholeNumber } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { refuseHelpOfUnknown } from '../refuse-help-of-unknown.js';
import type { PkiIssueOptions } from './run-pki-issue.js';

export function addPkiCommand(program: Command, finish: Finish): void {
  const pki = addGlobalOptions(program.command('pki'))
    .description('Works on the certificates of auraed.')
    .addHelpText('after', '\nExample:\n  aurae pki issue alice --days 90');
  refuseHelpOfUnknown(pki);
  addIssueCommand(pki, finish);
}

function addIssueCommand(pki: Command, finish: Finish): void {
  const command = pki
    .command('issue')
    .description('Makes the key and certificate of a client. Needs to read the key of the CA; auraed need not run.')
    .argument('<name>', 'what the certificate calls its holder')
    .option('--days <number>', 'how long it is valid, at most 3650 [365]', wholeNumber)
    .option('--overwrite', 'replace the files of the same name')
    .option('--pki-dir <dir>', 'keys and certificates of auraed', notEmpty)
    .option('--out <dir>', 'also copy what the client needs to this directory', notEmpty)
    .addHelpText(
      'after',
      `
Examples:
  aurae pki issue alice --days 90
  aurae pki issue bob --out ./bob

As root, the copies get the owner of the directory that they are put in.

Runs "auraed pki issue" of the same checkout or of PATH; AURAED names another
one.`,
    )
    .action(async (name: string, _options: unknown, self: Command) => {
      const { runPkiIssue } = await import('./run-pki-issue.js');
      finish(await runPkiIssue(name, allOptions<PkiIssueOptions>(self)));
    });
  addGlobalOptions(command);
}
