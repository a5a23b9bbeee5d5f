/** A command line that cannot be right. */
export class UsageError extends Error {
  readonly reason = 'USAGE';
}

/** The user asked the command to stop; there is nothing to say about it. */
export class InterruptedError extends Error {
  constructor(readonly exitCode: number) {
    super('Interrupted');
  }
}

/** An error together with what the process ends with because of it. */
export class CommandFailure extends Error {
  constructor(
    readonly exitCode: number,
    override readonly cause: unknown,
  ) {
    super('The command failed');
  }
}

/** Runs a command whose failures end the process with a code of their own. */
export async function failingWith(exitCode: number, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (cause) {
    throw cause instanceof InterruptedError ? cause : new CommandFailure(exitCode, cause);
  }
}
