import { defineBackend } from '@aurae/proto';
import { processRuntimeConfig } from './config.js';
import { ProcessRuntime } from './process-runtime.js';

/** Offers this backend to a daemon. */
export const registration = defineBackend({
  kind: 'executable',
  name: 'process',
  options: processRuntimeConfig,
  create: (options) => new ProcessRuntime(options),
});
