import { writeFileSync } from 'node:fs';
import { endOnSignal } from './end-on-signal.js';
import { openSubject } from './open-subject.js';
import { type BenchOptions, parseOptions, usage } from './options.js';
import { report, reportFindings } from './report.js';
import { runRounds } from './run-rounds.js';
import { type Finding, scenarios } from './scenarios/index.js';
import { targetResults } from './targets.js';
import { openWorkspace, type Workspace } from './workspace.js';

async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions | undefined;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  if (!options) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const workspace = openWorkspace();
  const interruption = endOnSignal(workspace);
  try {
    await bench(workspace, options);
    return 0;
  } catch (error) {
    if (!interruption.aborted) process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await workspace[Symbol.asyncDispose]();
  }
}

async function bench(workspace: Workspace, options: BenchOptions): Promise<void> {
  const { rounds, calls, jsonFile } = options;
  const { results, targets } = await benchCalls(workspace, options);
  const findings: Record<string, readonly Finding[]> = {};
  for (const name of options.scenarios) {
    findings[name] = await scenarios[name](workspace, options);
    process.stdout.write(reportFindings(name, findings[name]));
  }
  if (jsonFile !== undefined) {
    const document = { rounds, calls, cases: Object.fromEntries(results), targets, scenarios: findings };
    writeFileSync(jsonFile, `${JSON.stringify(document, undefined, 2)}\n`);
  }
}

async function benchCalls(workspace: Workspace, { cases, rounds, calls }: BenchOptions) {
  if (cases.length === 0) return { results: new Map(), targets: [] };
  process.stdout.write(`Measuring ${cases.length} cases in ${rounds} interleaved rounds of at most ${calls} calls\n\n`);
  const subjects = await Promise.all(cases.map((name) => openSubject(workspace, name)));
  const results = await runRounds(subjects, rounds, calls);
  const targets = targetResults(results);
  process.stdout.write(report(results, targets));
  return { results, targets };
}

process.exitCode = await main(process.argv.slice(2));
