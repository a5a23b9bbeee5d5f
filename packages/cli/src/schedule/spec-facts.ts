import type { runtime } from '@aurae/proto';
import { quoteCommand } from '../shell-quote.js';
import { writeDependency } from '../workload-file/dependency-table.js';
import { writeCheck } from '../workload-file/probe-check.js';
import { writeRestart } from '../workload-file/restart-table.js';
import { timerSentence } from './timer-sentence.js';
import type { WorkloadSpec } from './workload-key.js';

/** What was asked for of a workload, in a few lines: each a word and what it is about. */
export function specFacts(spec: WorkloadSpec, nextStartAtMs: number): (readonly [name: string, value: string])[] {
  const { timer } = spec.value.criteria ?? {};
  const rules = ruleTexts(spec);
  return [
    ['runs', whatRuns(spec)],
    ...(timer ? [['timer', timerSentence(timer, nextStartAtMs)] as const] : []),
    ...(rules.length > 0 ? [['rules', rules.join(', ')] as const] : []),
  ];
}

function whatRuns(spec: WorkloadSpec): string {
  if (spec.$case !== 'executable') return spec.value.image || '-';
  const { argv, command, user, cwd } = spec.value;
  const beside = [user && `as ${user}`, cwd && `in ${cwd}`].filter(Boolean).join(' ');
  return `${argv.length > 0 ? quoteCommand(argv) : command}${beside === '' ? '' : ` (${beside})`}`;
}

/** In the short forms of a workload file. */
function ruleTexts({ value: { restart, criteria } }: WorkloadSpec): string[] {
  const { after = [], readiness, liveness } = criteria ?? {};
  return [
    `restart ${shown(writeRestart(restart) ?? 'never')}`,
    ...(after.length > 0
      ? [`after ${after.map((dependency) => shown(writeDependency(dependency))).join(' and ')}`]
      : []),
    ...probeText('ready', readiness),
    ...probeText('alive', liveness),
  ];
}

function probeText(name: string, probe: runtime.Probe | undefined): string[] {
  return probe?.check ? [`${name} by ${probe.check.$case} ${shown(writeCheck(probe.check))}`] : [];
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return quoteCommand(value.map(String));
  return Object.entries(value as object)
    .map(([key, part]) => `${key} ${shown(typeof part === 'object' ? part : String(part))}`)
    .join(' ');
}
