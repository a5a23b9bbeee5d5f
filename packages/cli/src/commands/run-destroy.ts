import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { scheduleResult } from '../schedule/schedule-result.js';
import { destroyWorkload } from '../schedule/schedule-verbs.js';
import { meantScheduled } from '../schedule/suggest-workload.js';
import { shownKey } from '../schedule/workload-key.js';
import { forEachName, type NameAction } from './for-each-name.js';
import { type AllOfKindOption, ScheduledSelection } from './scheduled-selection.js';

/** The daemon's answer about what is not there, which is as good as destroyed. */
const wasNotScheduled = 'was not scheduled';

export async function runDestroy(names: readonly string[], options: AllOfKindOption): Promise<number> {
  const selection = new ScheduledSelection(names, options, { enabled: true, disabled: true });
  const destroy: NameAction = async (client, name, signal) => {
    const key = selection.keyOf(name);
    const answer = await destroyWorkload(client, key, { signal });
    const result = scheduleResult('Destroyed', key, answer);
    if (answer.meta?.message !== wasNotScheduled) return result;
    const note = `${shownKey(key)} ${wasNotScheduled}${await meantScheduled(client, key, signal)}`;
    return { json: result.json, note: escapeControlCharacters(note) };
  };
  return await forEachName(selection, options, destroy, { noneNote: 'Nothing is scheduled.' });
}
