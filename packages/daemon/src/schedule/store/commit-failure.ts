import { ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import { isBusy, isFull } from './sqlite-failure.js';
import { StoreLostError } from './store-witness.js';

/** What the failure of a commit means to whoever asked for it. */
export async function commitFailure(error: unknown, path: string): Promise<Error> {
  const about = `Cannot keep the decision in the store of the schedule "${path}"`;
  if (await isFull(error, path)) {
    return new ResourceExhaustedError(
      `${about}: the disk is full; free some space, then try again. Everything is as it was before`,
      { cause: error },
    );
  }
  if (error instanceof StoreLostError) {
    return new UnavailableError(
      `${about}: ${error.message}. Restart auraed: its log tells then how to go back to the backup, and what runs goes on`,
      { cause: error },
    );
  }
  const reason = isBusy(error)
    ? 'another program is writing to it; end that program, then try again'
    : `${(error as Error).message}; look at the disk and at the log of auraed, then try again`;
  return new UnavailableError(`${about}: ${reason}. Everything is as it was before`, { cause: error });
}
