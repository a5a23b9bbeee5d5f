/** A workload file that cannot be used. */
export class WorkloadFileError extends Error {
  readonly reason = 'INVALID_SPEC';
}
