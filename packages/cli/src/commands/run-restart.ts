import type { AuraeClient } from '@aurae/client';
import { FailedPreconditionError, meta, NotFoundError, type schedule } from '@aurae/proto';
import { exportedRecords } from '../schedule/exported-records.js';
import { scheduleResult } from '../schedule/schedule-result.js';
import { enableWorkload, stopWorkload } from '../schedule/schedule-verbs.js';
import { meantName } from '../schedule/suggest-workload.js';
import { keyOfSpec, quotedKey, referenceOf, type WorkloadKey, wordsOfKey } from '../schedule/workload-key.js';
import { timerSentence } from '../schedule/timer-sentence.js';
import { parseWorkloadText } from '../values/workload-text.js';
import { forEachName, type NameAction, type NameResult } from './for-each-name.js';
import type { KindOptions } from './kind-options.js';
import { givenNames, type NameSelection } from './name-selection.js';

type Record = schedule.ScheduleRecord;

/** Stops what is scheduled, and enables it again as it is. */
export async function runRestart(names: readonly string[], options: KindOptions): Promise<number> {
  let records: readonly Record[] = [];
  const selection: NameSelection = {
    ...givenNames(names),
    find: async (client, signal) => {
      // The daemon takes the whole of a workload, which only the export of the schedule has.
      records = await exportedRecords(client, signal);
      return await givenNames(names).find(client, signal);
    },
  };
  const restart: NameAction = async (client, name, signal) => {
    const key = parseWorkloadText(name, options.kind);
    return await restartOne(client, key, recordOf(records, key), signal);
  };
  return await forEachName(selection, options, restart);
}

async function restartOne(
  client: AuraeClient,
  key: WorkloadKey,
  { workload: spec, disabled }: Record,
  signal: AbortSignal,
): Promise<NameResult> {
  if (!spec || disabled) throw refusal(key, `it is disabled: "aurae enable ${wordsOfKey(key)}" starts it`);
  const { timer } = spec.value.criteria ?? {};
  if (timer) {
    const { workload: state } = await client.schedule.showHistory({ workload: referenceOf(key) }, { signal });
    if (state?.status !== meta.Status.STATUS_ACTIVE) {
      const when = timerSentence(timer, Number(state?.nextStartAtMs ?? 0n));
      throw refusal(key, `it does not run now: it runs by its timer; ${when}`);
    }
  }
  await stopWorkload(client, key, { signal }).catch((error: unknown) => {
    // What does not run has nothing to be stopped.
    if (!(error instanceof NotFoundError)) throw error;
  });
  const answer = await enableWorkload(client, spec, { signal });
  // Its next start is its timer's.
  return scheduleResult(timer ? 'Stopped' : 'Restarted', key, answer);
}

function recordOf(records: readonly Record[], wanted: WorkloadKey): Record {
  const keys: WorkloadKey[] = [];
  for (const record of records) {
    const key = record.workload && keyOfSpec(record.workload);
    if (!key) continue;
    if (key.kind === wanted.kind && key.name === wanted.name) return record;
    keys.push(key);
  }
  const words = wordsOfKey(wanted);
  const meant = meantName(wanted.name, keys);
  const hint = meant === '' ? `; what was started by hand: "aurae stop ${words}", then "aurae start" again` : meant;
  throw new NotFoundError(`Cannot restart ${quotedKey(wanted)}: it is not scheduled${hint}`);
}

function refusal(key: WorkloadKey, problem: string): Error {
  return new FailedPreconditionError(`Cannot restart ${quotedKey(key)}: ${problem}`);
}
