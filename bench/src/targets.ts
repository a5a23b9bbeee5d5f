import type { CaseName } from './case-names.js';
import type { CaseRound, Rounds } from './run-rounds.js';
import { median } from './statistics.js';

interface Target {
  readonly target: string;
  /** The cases that are compared. */
  readonly cases: readonly CaseName[];
  /** What one round shows, from the round of each of the cases. */
  readonly valueOf: (...rounds: [CaseRound, CaseRound, CaseRound]) => number;
  readonly isReached: (value: number) => boolean;
  /** The value for a person. */
  readonly show: (value: number) => string;
}

const targets: readonly Target[] = [
  {
    target: 'Exec costs at most 0.3 ms more than raw spawn and bare echo together (p50)',
    cases: ['exec', 'raw', 'echo'],
    valueOf: (exec, raw, echo) => exec.p50Ms - raw.p50Ms - echo.p50Ms,
    isReached: (value) => value <= 0.3,
    show: (value) => `${value.toFixed(2)} ms`,
  },
  {
    target: 'Exec with 1 GB of heap takes at most 20 % longer than without (p50)',
    cases: ['exec-1gb', 'exec'],
    valueOf: (big, normal) => big.p50Ms / normal.p50Ms - 1,
    isReached: (value) => value <= 0.2,
    show: percent,
  },
  {
    target: 'Exec at concurrency 16 has at least 60 % of the throughput of raw spawn',
    cases: ['exec', 'raw'],
    valueOf: (exec, raw) => exec.callsPerSecond / raw.callsPerSecond,
    isReached: (value) => value >= 0.6,
    show: percent,
  },
  {
    target: 'ExecutableStart is done at most 3 ms later than raw spawn (p50)',
    cases: ['executable-start', 'raw'],
    valueOf: (start, raw) => start.p50Ms - raw.p50Ms,
    isReached: (value) => value <= 3,
    show: (value) => `${value.toFixed(2)} ms`,
  },
];

export interface TargetResult {
  readonly target: string;
  readonly value: number;
  readonly reached: boolean;
  readonly shown: string;
}

/** The targets whose cases were measured. Each compares within a round, and takes the median of the rounds. */
export function targetResults(rounds: Rounds): TargetResult[] {
  return targets.flatMap(({ target, cases, valueOf, isReached, show }) => {
    const measured = cases.map((name) => rounds.get(name) ?? []);
    const count = Math.min(...measured.map((caseRounds) => caseRounds.length));
    if (count === 0) return [];
    const values = Array.from({ length: count }, (_, round) =>
      valueOf(...(measured.map((caseRounds) => caseRounds[round]) as [CaseRound, CaseRound, CaseRound])),
    );
    const value = median(values);
    return [{ target, value, reached: isReached(value), shown: show(value) }];
  });
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}
