import type { BackendKind } from './backend-registration.js';
import {
  ContainerBackendService,
  ExecutableBackendService,
  InstanceBackendService,
  LogSinkService,
} from './gen/backend.js';

/** The methods of each contract, by their names in TypeScript. */
export const backendDefinitions = {
  executable: ExecutableBackendService,
  container: ContainerBackendService,
  instance: InstanceBackendService,
  'log-sink': LogSinkService,
} as const satisfies Record<BackendKind, object>;
