/** A workload file that cannot be used. */
export class WorkloadFileError extends Error {
  readonly reason = 'INVALID_SPEC';
  /** All that is known to be wrong with it, where that is more than the message says. */
  readonly problems: readonly string[];

  constructor(message: string, options: ErrorOptions & { readonly problems?: readonly string[] } = {}) {
    super(message, options);
    this.problems = options.problems ?? [];
  }
}
