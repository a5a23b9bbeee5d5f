import type { CommanderError } from 'commander';
import { execExitCodes } from './exit-codes.js';
import { CommandFailure, UsageError } from './failures.js';

/** For commands that end as another program did: a wrong flag must not look like an exit code of that program. */
export function refuseAsOwnFailure(error: CommanderError): never {
  if (error.exitCode === 0) throw error;
  throw new CommandFailure(execExitCodes.ownFailure, new UsageError(error.message));
}
