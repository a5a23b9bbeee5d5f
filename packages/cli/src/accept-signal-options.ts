import type { Command, Option } from 'commander';
import { parseSignal } from './values/signal-name.js';

/** Makes `-9`, `-HUP` and `-SIGHUP` before the first name mean `--signal`, as with kill(1). */
export function acceptSignalOptions(command: Command): void {
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (words) => parseOptions(withSignalOptions(words, command.options));
}

export function withSignalOptions(words: readonly string[], options: readonly Option[]): string[] {
  const [word, ...rest] = words;
  if (word === undefined || word === '--' || !word.startsWith('-')) return [...words];
  const signal = parseSignal(word.slice(1));
  if (signal !== undefined) return ['--signal', signal, ...withSignalOptions(rest, options)];
  const takesValue = options.some(({ required, short, long }) => required && [short, long].includes(word));
  const own = takesValue ? 2 : 1;
  return [...words.slice(0, own), ...withSignalOptions(words.slice(own), options)];
}
