/** What `aurae` ends with when it is not a command's own exit code. */
export const exitCodes = {
  success: 0,
  failure: 1,
  /** The command line cannot be right. */
  usage: 2,
} as const;

/** What `aurae exec` ends with beside the command's own exit codes, as env(1), timeout(1) and docker do. */
export const execExitCodes = {
  timedOut: 124,
  /** The fault is aurae's, auraed's or of the command line, and not the command's. */
  ownFailure: 125,
  cannotExecute: 126,
  notFound: 127,
  /** 128 + SIGPIPE: as for a command whose reader has left. */
  brokenPipe: 141,
} as const;

/** As a shell tells of a process that a signal ended. */
export function exitCodeOfSignal(signal: number): number {
  return 128 + signal;
}
