export { defaultPath, invocationVariable } from './command-environment.js';
export { processRuntimeConfig } from './config.js';
export { ProcessRuntime } from './process-runtime.js';
export { defaultProcessRuntimeOptions, type ProcessRuntimeOptions } from './process-runtime-options.js';
export { registration } from './registration.js';
export {
  type CapturedChannel,
  type CapturedOutput,
  type ProcessExit,
  type ProcessOptions,
  RunningProcess,
  startProcess,
} from './running-process.js';
export { parseShellCommand, type ShellCommand } from './shell-command.js';
export { SpawnFailure, SpawnStep } from './spawn-failure.js';
