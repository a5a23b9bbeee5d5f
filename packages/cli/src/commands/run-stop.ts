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
    const text = hasEnded(status)
      ? `Stopped ${name}: ${endOf(status)}`
      : `${name} was not running; it no longer waits for its start`;
    return { text, json: runtime.ExecutableStatus.toJSON(status) };
  };
  return await forEachName(selection, options, stop, { noneNote: 'Nothing runs, so there is nothing to stop.' });
}

/** A scheduled one that waits for its start is stopped without an end. */
function hasEnded({ stopped, exitCode, signal, outOfMemory }: runtime.ExecutableStatus): boolean {
  return !stopped || exitCode !== '' || signal > 0 || outOfMemory;
}
