import { ShuttingDownError, UnavailableError } from '@aurae/proto';

/** False when the daemon is gone; any other failure rejects. */
export async function isAnswered(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (tellsThatDaemonIsGone(error)) return false;
    throw error;
  }
}

export function tellsThatDaemonIsGone(error: unknown): boolean {
  const reason = error instanceof Error && error.cause instanceof UnavailableError ? error.cause : error;
  return reason instanceof UnavailableError && !(reason instanceof ShuttingDownError);
}
