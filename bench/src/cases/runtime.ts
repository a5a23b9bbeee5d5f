import { callContext, runtime } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';
import { assertSucceeded, execRequest } from '../exec-messages.js';
import type { Call } from '../measure.js';

/** The backend as the daemon calls it, without a wire. */
export function runtimeCall(): Call {
  const processes = new ProcessRuntime();
  const request = runtime.Executable.fromPartial(execRequest);
  return async () => {
    const { signal } = new AbortController();
    assertSucceeded(await processes.exec(callContext({ signal }), request));
  };
}
