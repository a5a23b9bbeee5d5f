import type { Command, Option } from 'commander';

/** The words of a command line on both sides of its `--`. */
export interface SplitWords {
  readonly own: readonly string[];
  /** Undefined without a `--`. */
  readonly command: readonly string[] | undefined;
}

/**
 * Keeps what follows `--` from the arguments of a command that takes names, too: it is a command to run then, and only
 * then. Returns how to get it, once the line is parsed.
 */
export function acceptCommandWords(command: Command): () => readonly string[] | undefined {
  let commandWords: readonly string[] | undefined;
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (words) => {
    const split = splitWords(words, command.options);
    commandWords = split.command;
    return parseOptions([...split.own]);
  };
  return () => commandWords;
}

/** `--` as the value of an option is no separator. */
export function splitWords(words: readonly string[], options: readonly Option[]): SplitWords {
  const takesValue = (word: string) =>
    options.some(({ required, short, long }) => required && [short, long].includes(word));
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (word === '--') return { own: words.slice(0, index), command: words.slice(index + 1) };
    if (takesValue(word)) index++;
  }
  return { own: words, command: undefined };
}
