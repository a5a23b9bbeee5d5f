import type { Command } from 'commander';
import { closestWord } from './closest-word.js';

/** For a group of commands that is one itself: commander takes a word that it does not know for an argument then. */
export function refuseUnknownSubcommand(group: Command): void {
  const [word] = group.args;
  if (word === undefined) return;
  const names = group.commands.map((command) => command.name());
  const meant = closestWord(word, names);
  const hint = meant === undefined ? '' : ` (Did you mean ${meant}?)`;
  group.error(`unknown command '${word}'${hint}`, { code: 'commander.unknownCommand' });
}
