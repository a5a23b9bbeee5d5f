import { NotFoundError, runtime, type schedule } from '@aurae/proto';
import type { GlobalOptions } from '../global-options.js';
import { exportedRecords } from '../schedule/exported-records.js';
import { scheduleResult } from '../schedule/schedule-result.js';
import { enableWorkload } from '../schedule/schedule-verbs.js';
import { meantName } from '../schedule/suggest-workload.js';
import { keyOfSpec, quotedKey, shownKey, type WorkloadKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { parseWorkloadText } from '../values/workload-text.js';
import { tellFile } from '../workload-file/tell-file.js';
import { type EnableOptions, enableSource } from './enable-request.js';
import { forEachName, type NameAction } from './for-each-name.js';
import { givenNames, type NameSelection } from './name-selection.js';

export async function runEnable(
  names: readonly string[],
  words: readonly string[] | undefined,
  options: EnableOptions,
): Promise<number> {
  const source = enableSource(names, words, options);
  switch (source.from) {
    case 'options': {
      const value = runtime.Executable.fromPartial(source.executable);
      return await enableAll([{ $case: 'executable', value }], options);
    }
    case 'files': {
      const { readEnableFiles } = await import('../workload-file/read-enable-files.js');
      const records = await readEnableFiles(source.files);
      return await enableAll(
        records.map(({ spec }) => spec),
        options,
        (error) => tellFile(error, records),
      );
    }
    case 'names':
      return await enableAgain(source.names, options);
  }
}

/** @param explain the error that is told in the place of one */
async function enableAll(
  specs: readonly WorkloadSpec[],
  options: GlobalOptions,
  explain = (error: unknown) => error,
): Promise<number> {
  const bySelection = new Map(specs.map((spec) => [shownKey(keyOfSpec(spec)), spec]));
  const enable: NameAction = async (client, name, signal) => {
    const spec = bySelection.get(name) as WorkloadSpec;
    const enabling = enableWorkload(client, spec, { signal }).catch((error: unknown) => {
      throw explain(error);
    });
    return scheduleResult('Enabled', keyOfSpec(spec), await enabling);
  };
  return await forEachName(givenNames([...bySelection.keys()]), options, enable, { isInOrder: true });
}

/** As they were: the daemon takes the whole of a workload, which only the export of the schedule has. */
async function enableAgain(names: readonly string[], options: EnableOptions): Promise<number> {
  const { kind } = options;
  let records: readonly schedule.ScheduleRecord[] = [];
  const selection: NameSelection = {
    isAll: false,
    find: async (client, signal) => {
      records = await exportedRecords(client, signal);
      return [...new Set(names)];
    },
  };
  const enable: NameAction = async (client, name, signal) => {
    const key = parseWorkloadText(name, kind);
    const spec = specOf(records, key);
    return scheduleResult('Enabled', key, await enableWorkload(client, spec, { signal }));
  };
  return await forEachName(selection, options, enable);
}

function specOf(records: readonly schedule.ScheduleRecord[], wanted: WorkloadKey): WorkloadSpec {
  const specs = records.flatMap(({ workload }) => workload ?? []);
  for (const spec of specs) {
    const { kind, name } = keyOfSpec(spec);
    if (kind === wanted.kind && name === wanted.name) return spec;
  }
  const how = '; "aurae enable --name NAME -- CMD" adds an executable, "aurae schedule" shows what there is';
  const hint = meantName(shownKey(wanted), specs.map(keyOfSpec)) || how;
  throw new NotFoundError(`Cannot enable ${quotedKey(wanted)}: the schedule does not have it${hint}`);
}
