import { runtime } from '@aurae/proto';
import type { GlobalOptions } from '../global-options.js';
import { endOf } from './executable-state.js';
import { forEachName } from './for-each-name.js';

export interface StopOptions extends GlobalOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly signal?: string;
}

export async function runStop(names: readonly string[], options: StopOptions): Promise<number> {
  const { signal = '', timeout = 0 } = options;
  return await forEachName(names, options, async (client, name, aborted) => {
    const request = { meta: { name }, signal, gracePeriodMs: timeout };
    const status = await client.runtime.executableStop(request, { signal: aborted });
    return { text: `Stopped ${name}: ${endOf(status)}`, json: runtime.ExecutableStatus.toJSON(status) };
  });
}
