import { defineBackend, isAuraeError } from '@aurae/proto';
import { processRuntimeConfig } from './config.js';
import { ProcessRuntime } from './process-runtime.js';

/** Offers this backend to a daemon. */
export const registration = defineBackend({
  kind: 'executable',
  name: 'process',
  options: processRuntimeConfig,
  create: async (options, { stateDir, runDir, log, logs }) => {
    const processes = new ProcessRuntime({ ...options, stateDir, runDir, log, ...(logs ? { logs } : {}) });
    // Where that fails, commands can still be run; its description tells why nothing can be started.
    await processes.adopt().catch((error: unknown) => {
      log.error(error instanceof Error ? error.message : String(error), isAuraeError(error) ? {} : { error });
    });
    return processes;
  },
});
