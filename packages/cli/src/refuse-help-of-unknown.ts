import type { Command } from 'commander';

/** Makes the help of a command that a group of commands does not have an error, rather than the help of the group. */
export function refuseHelpOfUnknown(group: Command): void {
  group.addHelpText('before', () => {
    const [first, second] = group.args.filter((word) => !word.startsWith('-'));
    const wanted = first === 'help' ? second : first;
    // Without the flag, commander itself refuses it, with a suggestion.
    if (wanted !== undefined && !isKnown(group, wanted)) group.parse([wanted], { from: 'user' });
    return '';
  });
}

function isKnown(group: Command, name: string): boolean {
  return name === 'help' || group.commands.some((command) => command.name() === name);
}
