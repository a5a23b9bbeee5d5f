export { registration } from './registration.js';
export { unimplementedInstanceRuntime } from './unimplemented-instance-runtime.js';
