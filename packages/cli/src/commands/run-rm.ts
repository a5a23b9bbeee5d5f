import { runtime } from '@aurae/proto';
import type { GlobalOptions } from '../global-options.js';
import { forEachName } from './for-each-name.js';

export async function runRm(names: readonly string[], options: GlobalOptions): Promise<number> {
  return await forEachName(names, options, async (client, name, signal) => {
    const answer = await client.runtime.executableRemove({ meta: { name } }, { signal });
    const json = { meta: { name }, ...(runtime.WorkloadRemoveResponse.toJSON(answer) as object) };
    return { text: `Removed ${name}`, json };
  });
}
