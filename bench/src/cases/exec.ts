import { connect } from '@aurae/client';
import { assertSucceeded, execRequest } from '../exec-messages.js';
import type { Call } from '../measure.js';

/** The whole RPC, as a script makes it: one client, one connection. */
export function execCall(daemonRoot: string): Call {
  const client = connect({ root: daemonRoot });
  return async () => assertSucceeded(await client.runtime.exec(execRequest));
}
