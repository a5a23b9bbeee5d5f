import type { backend, CallContext, meta, observe } from '@aurae/proto';
import type { WorkloadKey, WorkloadSpec } from '../workload-key.js';

/** What the schedule needs of a backend, whatever the kind of its workloads. */
export interface WorkloadDriver {
  readonly kind: meta.WorkloadKind;

  /** Why it could not be started now, for a person; undefined when it could. Throws `InvalidSpecError` for what cannot be right. */
  check(context: CallContext, spec: WorkloadSpec): Promise<string | undefined>;

  /**
   * Starts one run. What follows its end is for the schedule to decide, and not for the backend.
   *
   * @throws FailedPreconditionError with the reason where it cannot be started, AlreadyExistsError while one of its name
   *   lives, and whatever the backend throws
   */
  start(context: CallContext, spec: WorkloadSpec, labels: Readonly<Record<string, string>>): Promise<StartedRun>;

  /** Resolves once it is gone, also where it was gone before. */
  stop(context: CallContext, key: WorkloadKey): Promise<void>;

  /** As `Watch` of the backends' contract. */
  watch(context: CallContext): AsyncIterable<backend.WorkloadEvent>;

  /** Runs a command beside or inside of the workload. Answers with what is wrong; undefined when its exit code is 0. */
  exec(context: CallContext, spec: WorkloadSpec, argv: readonly string[]): Promise<string | undefined>;

  readLog(context: CallContext, request: observe.GetWorkloadLogStreamRequest): AsyncIterable<observe.LogBatch>;
}

export interface StartedRun {
  /** 0 when it is not known. */
  readonly pid: number;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
}
