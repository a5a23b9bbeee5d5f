import { scheduleResult } from '../schedule/schedule-result.js';
import { disableWorkload } from '../schedule/schedule-verbs.js';
import { suggestingName } from '../schedule/suggest-workload.js';
import { forEachName, type NameAction } from './for-each-name.js';
import { type AllOfKindOption, ScheduledSelection } from './scheduled-selection.js';

export async function runDisable(names: readonly string[], options: AllOfKindOption): Promise<number> {
  const selection = new ScheduledSelection(names, options, { enabled: true, disabled: false });
  const disable: NameAction = async (client, name, signal) => {
    const key = selection.keyOf(name);
    const answer = await suggestingName(client, key, signal, disableWorkload(client, key, { signal }));
    return scheduleResult('Disabled', key, answer);
  };
  return await forEachName(selection, options, disable, { noneNote: 'Nothing is enabled.' });
}
