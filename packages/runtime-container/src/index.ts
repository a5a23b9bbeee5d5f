export { registration } from './registration.js';
export { unimplementedContainerRuntime } from './unimplemented-container-runtime.js';
