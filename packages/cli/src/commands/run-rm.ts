import { runtime } from '@aurae/proto';
import { forEachName, type NameAction } from './for-each-name.js';
import { type AllOption, findEnded, namesOrAll } from './name-selection.js';

export async function runRm(names: readonly string[], options: AllOption): Promise<number> {
  const selection = namesOrAll(names, options, findEnded);
  const remove: NameAction = async (client, name, signal) => {
    const answer = await client.runtime.executableRemove({ meta: { name } }, { signal });
    const json = { meta: { name }, ...(runtime.WorkloadRemoveResponse.toJSON(answer) as object) };
    return { text: `Removed ${name}`, json };
  };
  return await forEachName(selection, options, remove, { noneNote: 'Nothing has ended that is not forgotten yet.' });
}
