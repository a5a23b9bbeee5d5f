import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEntry } from './process-entry.js';
import type { ProcessScanner } from './process-scanner.js';
import { processTree, type TreeRoot } from './process-tree.js';
import { signalProcess } from './signal-process.js';

/** Why a command was ended, where it was not by its own doing. */
export type TerminationCause = 'cancelled' | 'timeout' | 'shutdown' | 'left-behind';

export interface TerminationResult {
  /** How many processes were alive when it began. */
  readonly processCount: number;
  /** Those that even KILL did not end in time: stuck in the kernel. */
  readonly survivors: readonly ProcessEntry[];
}

/** KILL works at once, but for a process that is stuck in the kernel: it is waited for this long. */
const killLimitMs = 5000;
const shortestPauseMs = 2;
const longestPauseMs = 100;

/**
 * Ends a whole process tree: TERM, grace period, KILL until nobody is left. Every scan looks for processes forked
 * since the last one. Bounded by the grace period and 5 s; nothing cancels it.
 *
 * @param root asked anew for each scan
 */
export async function terminateTree(
  scanner: ProcessScanner,
  root: () => TreeRoot,
  graceMs: number,
): Promise<TerminationResult> {
  const scan = async () => processTree(root(), await scanner.scan());
  const asked = new Set<string>();
  const ask = (entry: ProcessEntry) => {
    if (asked.has(identityOf(entry))) return;
    asked.add(identityOf(entry));
    signalProcess(entry, constants.signals.SIGTERM);
    // A stopped process cannot act on TERM.
    signalProcess(entry, constants.signals.SIGCONT);
  };
  const first = await scan();
  const stubborn = await signalUntilGone(first, scan, ask, graceMs);
  const survivors = await signalUntilGone(
    stubborn,
    scan,
    (entry) => signalProcess(entry, constants.signals.SIGKILL),
    killLimitMs,
  );
  return { processCount: first.length, survivors };
}

async function signalUntilGone(
  present: ProcessEntry[],
  scan: () => Promise<ProcessEntry[]>,
  signal: (entry: ProcessEntry) => void,
  limitMs: number,
): Promise<ProcessEntry[]> {
  const end = performance.now() + limitMs;
  let left = present;
  for (let pauseMs = shortestPauseMs; left.length > 0; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    for (const entry of left) signal(entry);
    const remainingMs = end - performance.now();
    if (remainingMs <= 0) break;
    await delay(Math.min(pauseMs, remainingMs));
    left = await scan();
  }
  return left;
}

function identityOf(entry: ProcessEntry): string {
  return `${entry.pid}@${entry.startTime}`;
}
