import { normalize } from 'node:path';
import type { LogOrigin } from '@aurae/observe-logs';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/config-schema.js';
import { describeValue } from '../config/describe-value.js';

type SinkChoice = Config['log']['sinks'][number];

/** A log sink as the configuration asks for it, with what it leaves open filled in. */
export interface NamedSinkChoice {
  /** Where it stands in the list. */
  readonly index: number;
  readonly name: string;
  readonly from: readonly LogOrigin[];
  readonly choice: SinkChoice;
}

/** The output of the daemon is for the daemon: it goes to the journal, or before somebody's eyes. */
const consoleNames: ReadonlySet<string> = new Set(['console', 'stdout']);

/**
 * Every sink with a name of its own: where it has none, that of what it uses.
 *
 * @throws ConfigError when two have the same
 */
export function namedSinks(choices: readonly SinkChoice[], configFile: string): NamedSinkChoice[] {
  const sinks = choices.map((choice, index): NamedSinkChoice => {
    const from = choice.from ?? (consoleNames.has(choice.use) ? ['daemon'] : ['daemon', 'workloads']);
    return { index, name: choice.name ?? nameOf(choice.use), from, choice };
  });
  const faults = sinks.flatMap(({ index, name }) => {
    const first = sinks.findIndex((other) => other.name === name);
    if (first === index) return [];
    const key = `${configFile}: log.sinks[${index}].name = ${describeValue(name)}`;
    return [`${key} is not allowed: log.sinks[${first}] has the same. Give each a name of its own`];
  });
  for (const { index, choice } of sinks) {
    const first = choices.findIndex((other) => writesToSameFile(other, choice));
    if (first === index || first < 0) continue;
    const key = `${configFile}: log.sinks[${index}].options.path = ${describeValue(choice.options['path'])}`;
    faults.push(`${key} is not allowed: log.sinks[${first}] writes to that file. Give each a file of its own`);
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'), faults);
  return sinks;
}

function writesToSameFile(one: SinkChoice, other: SinkChoice): boolean {
  const [path, otherPath] = [one.options['path'], other.options['path']];
  if (one.use !== 'file' || other.use !== 'file' || typeof path !== 'string') return false;
  return typeof otherPath === 'string' && normalize(path) === normalize(otherPath);
}

/** Modules are named by paths and by scopes; a name is also that of a directory. */
function nameOf(use: string): string {
  const name = use.replace(/\.[cm]?js$/, '').replace(/[^a-zA-Z0-9._-]+/g, '-');
  return name.replace(/^[^a-zA-Z0-9]+/, '').slice(0, 63) || 'sink';
}
