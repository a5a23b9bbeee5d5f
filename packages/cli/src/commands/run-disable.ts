import { scheduleResult } from '../schedule/schedule-result.js';
import { disableWorkload } from '../schedule/schedule-verbs.js';
import { forEachName, type NameAction } from './for-each-name.js';
import type { KindOptions } from './kind-options.js';
import { givenNames } from './name-selection.js';

export async function runDisable(names: readonly string[], options: KindOptions): Promise<number> {
  const { kind = 'executable' } = options;
  const disable: NameAction = async (client, name, signal) => {
    const key = { kind, name };
    return scheduleResult('Disabled', key, await disableWorkload(client, key, { signal }));
  };
  return await forEachName(givenNames(names), options, disable);
}
