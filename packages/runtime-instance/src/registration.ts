import { defineBackend } from '@aurae/proto';
import { instanceOptionsSchema } from './config.js';
import { unimplementedInstanceRuntime } from './unimplemented-instance-runtime.js';

export const registration = defineBackend({
  kind: 'instance',
  name: 'qemu',
  options: instanceOptionsSchema,
  create: unimplementedInstanceRuntime,
});
