import { connect } from '@aurae/client';
import { meta } from '@aurae/proto';
import type { Call } from '../measure.js';

/** From the request to the answer that it runs. It ends by itself; those that ended long ago are forgotten. */
export function executableStartCall(daemonRoot: string): Call {
  const client = connect({ root: daemonRoot });
  let started = 0;
  return async () => {
    const name = `start-${++started}`;
    const { status } = await client.runtime.executableStart({ meta: { name }, argv: ['/bin/true'] });
    if (status !== meta.Status.STATUS_ACTIVE && status !== meta.Status.STATUS_COMPLETE) {
      throw new Error(`"${name}" has not started`);
    }
  };
}
