import { schedule } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { UsageError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { applyRequests } from '../schedule/apply-requests.js';
import { keyOfSpec, shownKey } from '../schedule/workload-key.js';
import { readWorkloadFiles } from '../workload-file/read-workload-files.js';
import { tellFile } from '../workload-file/tell-file.js';
import { workloadPaths } from '../workload-file/workload-paths.js';
import { ApplyReport } from './apply-report.js';

export interface ApplyOptions extends GlobalOptions {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

/** @param paths files and directories; `-` is standard input */
export async function runApply(paths: readonly string[], options: ApplyOptions): Promise<number> {
  const { dryRun = false, prune = false } = options;
  const files = await readWorkloadFiles([...new Set(paths.flatMap(workloadPaths))]);
  if (prune && files.length === 0) {
    throw new UsageError('there is no workload in the files, and --prune would destroy all there are: leave it out');
  }
  const records = files.map(({ record }) => record);
  const disabled = files.filter(({ record }) => record.disabled).map(({ spec }) => shownKey(keyOfSpec(spec)));
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const answers = client.schedule.apply(applyRequests(records, { dryRun, prune }), { signal: interruption.signal });
  const stdout = new OutputStream(process.stdout);
  const show = (text: string) => interruption.race(stdout.write(text === '' ? '' : `${text}\n`));
  const report = new ApplyReport({ paint: paintFor(process.stdout), nowMs: Date.now, disabled: new Set(disabled) });
  try {
    for await (const answer of answers) {
      report.take(answer);
      if (options.output === 'json') await show(JSON.stringify(schedule.ApplyResponse.toJSON(answer)));
      else await show(report.newText());
    }
  } catch (error) {
    throw tellFile(error, files);
  }
  if (options.output !== 'json') await show(report.lastText(dryRun));
  return report.hasFailed && !dryRun ? exitCodes.failure : exitCodes.success;
}
