import { parseArgs } from 'node:util';
import { type CaseName, caseNames, familyOf } from './case-names.js';
import { isScenarioName, type ScenarioName, scenarioNames } from './scenarios/index.js';

export interface BenchOptions {
  /** How often each case is measured; the rounds of all cases are interleaved. Default: 5. */
  readonly rounds: number;
  /** Calls of one measurement, which also ends by itself after `limitMs`. Default: 600. */
  readonly calls: number;
  readonly cases: readonly CaseName[];
  readonly scenarios: readonly ScenarioName[];
  /** Size of the log in `log-seek`. Default: 10. */
  readonly logGibibytes: number;
  /** Where to write everything in a form for machines. */
  readonly jsonFile: string | undefined;
}

export const usage = `usage: npm run bench -- [--rounds N] [--calls N] [--case NAME]... [--log-gib N] [--json FILE]

cases: ${caseNames.join(', ')}
       A name without -1gb stands for both.
       ${scenarioNames.join(', ')}
       Each of these is done once.`;

/** @throws Error with a sentence for the person who typed the command line; undefined when help is wanted */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      calls: { type: 'string', default: '600' },
      case: { type: 'string', multiple: true, default: [] },
      'log-gib': { type: 'string', default: '10' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rounds: wholeNumber('--rounds', values.rounds, 100),
    calls: wholeNumber('--calls', values.calls, 100_000),
    cases: values.case.length === 0 ? caseNames : [...new Set(values.case.filter(isNoScenario).flatMap(matchingCases))],
    scenarios: values.case.length === 0 ? scenarioNames : [...new Set(values.case.filter(isScenarioName))],
    logGibibytes: wholeNumber('--log-gib', values['log-gib'], 1_000),
    jsonFile: values.json,
  };
}

function wholeNumber(flag: string, text: string, maximum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
  throw new Error(`${flag} must be a whole number from 1 to ${maximum}, and is "${text}"`);
}

function isNoScenario(name: string): boolean {
  return !isScenarioName(name);
}

function matchingCases(wanted: string): readonly CaseName[] {
  const matches = caseNames.filter((name) => name === wanted || familyOf(name) === wanted);
  if (matches.length > 0) return matches;
  throw new Error(`There is no case "${wanted}". The cases are ${[...caseNames, ...scenarioNames].join(', ')}`);
}
