import type { AuraeClient } from '@aurae/client';
import { NotFoundError, observe } from '@aurae/proto';
import { closestWord } from '../closest-word.js';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { UsageError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { type Cell, formatColumns } from '../output/columns.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { OutputStream } from '../output/output-stream.js';
import { type Paint, paintFor } from '../output/terminal-style.js';
import { isLogLevel, logLevels } from '../values/log-level.js';

/** Stands for what the configuration says. */
const defaultWord = 'default';
/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;

export async function runLogLevel(words: readonly string[], options: GlobalOptions): Promise<number> {
  const change = changeOf(words);
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const levels = await levelsAfter(client, change, interruption.signal);
  client.close();
  const [component] = change ? [] : words;
  const shown = component === undefined ? levels : onlyOf(levels, component);
  const text =
    options.output === 'json'
      ? JSON.stringify(observe.LogLevels.toJSON(shown))
      : formatLevels(shown, component !== undefined, paintFor(process.stdout));
  await interruption.race(new OutputStream(process.stdout).write(`${text}\n`));
  return exitCodes.success;
}

/** Undefined when something is only to be shown. */
function changeOf(words: readonly string[]): observe.LogLevelSetRequest | undefined {
  const [first, second] = words;
  if (words.includes('')) throw new UsageError('give a component, a level, or both: see "aurae log-level --help"');
  if (first === undefined) return undefined;
  if (second !== undefined) return { component: first, level: levelOf(second) };
  return isLevelWord(first) ? { component: '', level: levelOf(first) } : undefined;
}

function isLevelWord(text: string): boolean {
  return isLogLevel(text) || text === defaultWord;
}

function levelOf(text: string): string {
  if (isLevelWord(text)) return text === defaultWord ? '' : text;
  throw new UsageError(
    `the level ${JSON.stringify(text)} is invalid. Allowed are ${logLevels.join(', ')}, and ${defaultWord} for what ` +
      'the configuration says',
  );
}

async function levelsAfter(
  client: AuraeClient,
  change: observe.LogLevelSetRequest | undefined,
  signal: AbortSignal,
): Promise<observe.LogLevels> {
  const call = { signal, timeoutMs };
  if (!change) return await client.observe.logLevelShow({}, call);
  let levels = await client.observe.logLevelSet(change, call);
  if (change.component !== '' || change.level !== '') return levels;
  // By itself it leaves components alone that have a level of their own.
  for (const { component } of levels.components.filter(({ isOwn }) => isOwn)) {
    levels = await client.observe.logLevelSet({ component, level: '' }, call);
  }
  return levels;
}

function onlyOf(levels: observe.LogLevels, name: string): observe.LogLevels {
  const components = levels.components.filter(({ component }) => component === name);
  if (components.length > 0) return { level: levels.level, components };
  const words = [...levels.components.map(({ component }) => component), ...logLevels];
  const meant = closestWord(name, words);
  const hint =
    meant === undefined ? '"aurae log-level" shows those that have' : `did you mean ${JSON.stringify(meant)}?`;
  throw new NotFoundError(`No component ${JSON.stringify(name)} has said anything, nor has it a level: ${hint}`);
}

function formatLevels({ level, components }: observe.LogLevels, isOne: boolean, paint: Paint): string {
  const header = ['COMPONENT', 'LEVEL', 'OWN'].map((text): Cell => ({ text, style: 'bold' }));
  const others: Cell[][] = isOne ? [] : [[{ text: '(all others)', style: 'dim' }, { text: level }, { text: '-' }]];
  const rows = components.map(({ component, level: own, isOwn }): Cell[] => [
    { text: escapeControlCharacters(component) },
    { text: own, style: isOwn ? 'yellow' : 'dim' },
    { text: isOwn ? 'yes' : '-' },
  ]);
  return formatColumns([header, ...others, ...rows], paint).join('\n');
}
