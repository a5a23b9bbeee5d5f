import { type backend, isAuraeError, meta, type runtime, statusOfError } from '@aurae/proto';
import type { Attributes } from '@opentelemetry/api';
import type { TracedCall } from './tracing.js';

// Names as the semantic conventions have them, where they have some: https://opentelemetry.io/docs/specs/semconv/

export function callAttributes({ method, callId, identity, workload }: TracedCall): Attributes {
  const slash = method.lastIndexOf('/');
  return {
    'rpc.system': 'grpc',
    'rpc.service': method.slice(0, slash),
    'rpc.method': method.slice(slash + 1),
    'aurae.call_id': callId,
    'aurae.identity': identity,
    ...(workload === undefined ? {} : { 'aurae.workload': workload }),
  };
}

/** Number of the gRPC status; 0 is OK. */
export function grpcCode(error: unknown): number {
  return error === undefined ? 0 : (statusOfError(error, '').code ?? 0);
}

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS: the others are the caller's. */
const failuresOfServer = [2, 4, 12, 13, 14, 15];

export function isFailureOfServer(code: number): boolean {
  return failuresOfServer.includes(code);
}

/** For a person. Of a fault of the daemon its text is in the log, and nowhere else. */
export function errorText(error: unknown): string {
  return isAuraeError(error) ? error.message : 'A fault of the daemon: its log tells more';
}

/** How a process ended, whoever tells. */
type Ending = Pick<backend.WorkloadEvent, 'exitCode' | 'signal' | 'outOfMemory' | 'stopped' | 'proc'>;

export function endAttributes({ exitCode, signal, outOfMemory, stopped, proc }: Ending): Attributes {
  return {
    ...(proc ? { 'process.pid': proc.pid } : {}),
    ...(exitCode === '' ? {} : { 'process.exit.code': Number(exitCode) }),
    ...(signal > 0 ? { 'aurae.exit.signal': signal } : {}),
    ...(outOfMemory ? { 'aurae.exit.out_of_memory': true } : {}),
    ...(stopped ? { 'aurae.exit.stopped': true } : {}),
  };
}

/** What is wrong with an end, for a person; undefined where nothing is. One that was asked for is as it should be. */
export function endProblem({ exitCode, signal, outOfMemory, stopped }: Ending): string | undefined {
  if (outOfMemory) return 'ended by the out-of-memory killer';
  if (exitCode === '0' || stopped) return undefined;
  if (signal > 0) return `ended by signal ${signal}`;
  return exitCode === '' ? 'how it ended is not known' : `exited with ${exitCode}`;
}

/** The same of a command. */
export function commandProblem(status: runtime.ExecutableStatus): string | undefined {
  if (status.status === meta.Status.STATUS_ERROR)
    return `it could not run: ${status.errorCode || 'the answer says why'}`;
  return endProblem({ ...status, stopped: false });
}
