import { isAlive, type ProcessIdentity, signalIdentity } from '../process-identity.js';
import type { ProcessScanner } from '../process-scanner.js';
import { terminateTree } from '../termination.js';

/**
 * Ends the processes of a run whose shim is dead: nobody would see their end or take their output. Only those that
 * surely belong to it are signalled: by pid and start time, or because they carry its invocation id.
 */
export async function endOrphans(
  scanner: ProcessScanner,
  main: ProcessIdentity | undefined,
  invocationId: string,
  graceMs: number,
): Promise<void> {
  // Once the main process is gone its number may be that of other sessions, of which nothing here is ours.
  const root = () => {
    const isThere = main !== undefined && isAlive(main);
    return { pid: isThere ? main.pid : undefined, invocationId, reaped: !isThere };
  };
  const signalMain = (signal: number) => void (main && signalIdentity(main, signal));
  await terminateTree(scanner, { root, signalMain, signalGroup: () => undefined }, graceMs);
}
