/** A reason of the host's for which the daemon cannot start: it says so in one sentence and exits with 1. */
export class StartupError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StartupError';
  }
}
