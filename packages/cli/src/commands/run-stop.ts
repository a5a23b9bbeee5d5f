import { runtime } from '@aurae/proto';
import { endOf } from './executable-state.js';
import { forEachName, type NameAction } from './for-each-name.js';
import { type AllOption, findRunning, namesOrAll } from './name-selection.js';

export interface StopOptions extends AllOption {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly signal?: string;
}

export async function runStop(names: readonly string[], options: StopOptions): Promise<number> {
  const { signal = '', timeout = 0 } = options;
  const selection = namesOrAll(names, options, findRunning);
  const stop: NameAction = async (client, name, aborted) => {
    const request = { meta: { name }, signal, gracePeriodMs: timeout };
    const status = await client.runtime.executableStop(request, { signal: aborted });
    return { text: `Stopped ${name}: ${endOf(status)}`, json: runtime.ExecutableStatus.toJSON(status) };
  };
  return await forEachName(selection, options, stop, { noneNote: 'Nothing runs, so there is nothing to stop.' });
}
