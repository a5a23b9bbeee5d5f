import type { Command } from 'commander';

const mistakes = new Set(['commander.unknownOption', 'commander.unknownCommand']);

/** Makes the message about an unknown option or command of any of these name the help that knows them all. */
export function pointToHelp(command: Command): void {
  const error = command.error.bind(command);
  command.error = (message, options) => {
    const pointer = mistakes.has(options?.code ?? '') ? `: see "${pathOf(command)} --help"` : '';
    return error(`${message}${pointer}`, options);
  };
  for (const child of command.commands) pointToHelp(child);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
