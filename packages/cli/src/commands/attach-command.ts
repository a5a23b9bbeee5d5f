import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { detachKeys, workloadName } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { AttachOptions } from './run-attach.js';

export function addAttachCommand(program: Command, finish: Finish): void {
  const command = program
    .command('attach')
    .description('Connects this terminal with a running executable.')
    .argument('<name>', 'an executable, as "aurae ps" calls it', workloadName)
    .option('--no-stdin', 'only watch')
    .option('--close-stdin', 'pass on the end of standard input, too')
    .option('--detach-keys <keys>', 'what leaves it when it has a terminal [ctrl-p,ctrl-q]', detachKeys)
    .addHelpText(
      'after',
      `
Examples:
  aurae attach shell
  aurae attach web --no-stdin
  aurae attach shell --detach-keys ctrl-x,d
  aurae attach sorter --close-stdin <data

It shows the output from now on, and passes on what is typed when the executable
was started with -t or -i. To leave it running: Ctrl-P Ctrl-Q when it has a
terminal, Ctrl-C when it has none. AURAE_DETACH_KEYS names other keys than these
where --detach-keys does not.

At the end of your standard input the output is shown on, and the input of the
executable stays open for whoever attaches next; --close-stdin ends that, too.

Exit code: that of the executable when it ends; 0 after the keys, 130 after
Ctrl-C; 1 when aurae or auraed failed.`,
    )
    .action(async (name: string, _options: unknown, self: Command) => {
      const { runAttach } = await import('./run-attach.js');
      finish(await runAttach(name, allOptions<AttachOptions>(self)));
    });
  addGlobalOptions(command);
}
