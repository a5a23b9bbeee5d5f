import { runtime } from '@aurae/proto';
import type { GlobalOptions } from '../global-options.js';
import { forEachName, type NameAction } from './for-each-name.js';
import { givenNames } from './name-selection.js';

export interface KillOptions extends GlobalOptions {
  readonly signal?: string;
}

export async function runKill(names: readonly string[], options: KillOptions): Promise<number> {
  const { signal = 'KILL' } = options;
  const kill: NameAction = async (client, name, aborted) => {
    const status = await client.runtime.executableKill({ meta: { name }, signal }, { signal: aborted });
    return { text: `Sent ${signal} to ${name}`, json: runtime.ExecutableStatus.toJSON(status) };
  };
  return await forEachName(givenNames(names), options, kill);
}
