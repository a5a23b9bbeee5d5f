import './log-batch/serve-fast-log-batches.js';

export * as backend from './gen/backend.js';
export * as meta from './gen/meta.js';
export * as observe from './gen/observe.js';
export * as runtime from './gen/runtime.js';
export * as schedule from './gen/schedule.js';
export { backendDefinitions } from './backend-definitions.js';
export {
  type BackendContracts,
  type BackendHost,
  type BackendKind,
  type BackendLog,
  backendProtocolVersion,
  type BackendRegistration,
  defineBackend,
  type Disposable,
  type KeptLog,
  type OptionsIssue,
  type OptionsResult,
  type OptionsSchema,
  type WorkloadLogKeeper,
} from './backend-registration.js';
export { bindService, type CallOpener, type OpenCall, type ServedMethod, type ServerCall } from './bind-service.js';
export {
  abortReason,
  type CallContext,
  callContext,
  type CallOptions,
  onAbort,
  unlessAborted,
} from './call-context.js';
export { fileDescriptors } from './descriptors.js';
export {
  AlreadyExistsError,
  AuraeError,
  type AuraeErrorOptions,
  CancelledError,
  CapabilityNotSupportedError,
  DeadlineExceededError,
  FailedPreconditionError,
  type FieldViolation,
  InternalError,
  InvalidSpecError,
  isAuraeError,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  ShuttingDownError,
  UnauthenticatedError,
  UnavailableError,
} from './errors.js';
export { callIdHeader, GrpcRpc } from './grpc-rpc.js';
export { errorOfStatus, statusOfError } from './grpc-status.js';
export { decodeLogBatch } from './log-batch/decode-log-batch.js';
export { encodeLogBatch } from './log-batch/encode-log-batch.js';
export { decideRestart, type FinishedRun, type RestartDecision } from './restart-decision.js';
export {
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
  type Traceparent,
  validTraceContext,
} from './trace-context.js';
export { unavailableBackend } from './unavailable-backend.js';
export { executableName, kindWord, namedWorkloadName } from './workload-identity.js';
