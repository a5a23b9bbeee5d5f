import type { CaseName } from './case-names.js';
import { parallelCalls, type CaseRound, type Rounds } from './run-rounds.js';
import type { Finding } from './scenarios/index.js';
import { median } from './statistics.js';
import type { TargetResult } from './targets.js';

const titles: Readonly<Record<CaseName, string>> = {
  raw: 'posix_spawn + waitpid in C',
  'child-process': 'child_process.spawn',
  'child-process-1gb': 'child_process.spawn, 1 GB heap',
  addon: 'addon: startProcess',
  'addon-1gb': 'addon: startProcess, 1 GB heap',
  runtime: 'ProcessRuntime.exec in process',
  'runtime-1gb': 'ProcessRuntime.exec, 1 GB heap',
  echo: 'grpc-js unary echo, mTLS, Unix',
  exec: 'Exec: client and auraed',
  'exec-1gb': 'Exec, 1 GB heap in auraed',
  'executable-start': 'ExecutableStart, to running',
};

const columns: readonly (readonly [string, keyof CaseRound, number])[] = [
  ['p50 ms', 'p50Ms', 2],
  ['p99 ms', 'p99Ms', 2],
  [`calls/s at ${parallelCalls}`, 'callsPerSecond', 0],
  ['caller CPU ms', 'callerCpuMs', 2],
  ['server CPU ms', 'serverCpuMs', 2],
];

/** The table and the targets, for a person. */
export function report(rounds: Rounds, targets: readonly TargetResult[]): string {
  const rows = [...rounds].map(([name, measured]) => [name, titles[name], ...columns.map(cell(measured))]);
  const header = ['case', '/bin/true, both outputs read', ...columns.map(([title]) => title)];
  return [
    ...aligned([header, ...rows]),
    '',
    ...targets.map(({ reached, target, shown }) => `${reached ? 'reached' : 'MISSED '}  ${target}: ${shown}`),
    '',
  ].join('\n');
}

/** What a scenario has found, for a person. */
export function reportFindings(name: string, findings: readonly Finding[]): string {
  const marks = new Map([
    [true, 'reached'],
    [false, 'MISSED '],
  ]);
  const lines = findings.map(({ reached, what, shown }) => {
    const mark = (reached === undefined ? undefined : marks.get(reached)) ?? '       ';
    return `${mark}  ${what}: ${shown.trim()}`;
  });
  return `\n${[name, ...lines].join('\n')}\n`;
}

function cell(measured: readonly CaseRound[]) {
  return ([, key, digits]: (typeof columns)[number]): string => {
    const values = measured.map((round) => round[key]).filter((value) => value !== undefined);
    return values.length === 0 ? '' : median(values).toFixed(digits);
  };
}

/** Names to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const padded = (text: string, column: number) =>
    column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(padded).join('  ').trimEnd());
}
