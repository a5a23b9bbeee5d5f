/** What auraed reported, or why it could not be run. */
export class AuraedError extends Error {
  constructor(
    readonly reason: string,
    message: string,
    /** What auraed ended with when that has a meaning, else that of a failure. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}
