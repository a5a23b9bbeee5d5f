import { defineBackend } from '@aurae/proto';
import { containerOptionsSchema } from './config.js';
import { unimplementedContainerRuntime } from './unimplemented-container-runtime.js';

export const registration = defineBackend({
  kind: 'container',
  name: 'oci',
  options: containerOptionsSchema,
  create: unimplementedContainerRuntime,
});
