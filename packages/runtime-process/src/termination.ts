import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ResourceExhaustedError } from '@aurae/proto';
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

/** The cgroup of a command, which whoever belongs to it cannot leave. */
export interface TreeCgroup {
  isEmpty(): boolean;
  /** Pids. Throws when they cannot be told. */
  members(): ReadonlySet<number>;
  /** Sends SIGKILL to all. */
  kill(): void;
}

/** What can be reached without looking for it: needs no new descriptor, so it also works where those are short. */
export interface TerminationTarget {
  /** Asked anew for each look. */
  root(): TreeRoot;
  signalMain(signal: number): void;
  /** Nothing once the main process has been reaped. */
  signalGroup(signal: number): void;
  readonly cgroup?: TreeCgroup | undefined;
}

/** KILL works at once, but for a process that is stuck in the kernel: it is waited for this long. */
export const killLimitMs = 5000;
const lookLimitMs = 1000;
const shortestPauseMs = 2;
const longestPauseMs = 100;
const { SIGTERM, SIGCONT, SIGKILL } = constants.signals;

/** What a look at the process tree has shown; `error` when it could not be seen whole. */
type Sight =
  | { readonly entries: readonly ProcessEntry[]; readonly error?: undefined }
  | { readonly entries?: undefined; readonly error: unknown };

/**
 * Ends a whole process tree: TERM, grace period, KILL until nobody is left. Every scan looks for processes forked
 * since the last one; where looking fails it is tried again, and the main process and its group are signalled anyway.
 * Bounded by the grace period and 5 s; nothing cancels it. Rejects when it cannot be told whether all have ended.
 */
export async function terminateTree(
  scanner: ProcessScanner,
  target: TerminationTarget,
  graceMs: number,
): Promise<TerminationResult> {
  let processCount: number | undefined;
  const look = async () => {
    const sight = await lookAt(scanner, target);
    // None, where those of a cgroup that is not empty were born after the first look.
    processCount = processCount || sight.entries?.length;
    return sight;
  };
  await signalUntilGone(look, target, gentleMeasure(target), graceMs);
  const last = await signalUntilGone(look, target, forcedMeasure(target), killLimitMs);
  if (last.entries) return { processCount: processCount ?? 0, survivors: last.entries };
  throw new ResourceExhaustedError(
    'Cannot tell whether all processes of the command have ended: the processes of the host could not be listed. Look ' +
      'at the limit of open files of the daemon',
    { cause: last.error },
  );
}

async function lookAt(scanner: ProcessScanner, target: TerminationTarget): Promise<Sight> {
  const patience = new AbortController();
  const limit = delay(lookLimitMs, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`listing the processes took longer than ${lookLimitMs} ms`);
  });
  try {
    const entries = await Promise.race([scanner.scan(), limit]);
    const root = target.root();
    const members = target.cgroup?.members();
    return { entries: processTree(members ? { ...root, members } : root, entries) };
  } catch (error) {
    return { error };
  } finally {
    limit.catch(() => undefined);
    patience.abort();
  }
}

interface Measure {
  signal(entry: ProcessEntry): void;
  /** Applied each time as well, however much the look has shown. */
  signalKnown(): void;
  signalUnseen(): void;
}

/** Each process is asked once: many take a second TERM as an order to drop everything. */
function gentleMeasure(target: TerminationTarget): Measure {
  const asked = new Set<string>();
  const once = (identity: string, ask: (signal: number) => void) => {
    if (asked.has(identity)) return;
    ask(SIGTERM);
    // A stopped process cannot act on TERM.
    ask(SIGCONT);
    asked.add(identity);
  };
  return {
    signal: (entry) => {
      const { pid, reaped } = target.root();
      if (reaped || entry.pid !== pid) once(identityOf(entry), (signal) => signalProcess(entry, signal));
    },
    signalKnown: () => once('main', (signal) => target.signalMain(signal)),
    signalUnseen: () => once('group', (signal) => target.signalGroup(signal)),
  };
}

function forcedMeasure(target: TerminationTarget): Measure {
  return {
    signal: (entry) => signalProcess(entry, SIGKILL),
    signalKnown: () => {
      target.cgroup?.kill();
      target.signalMain(SIGKILL);
    },
    signalUnseen: () => target.signalGroup(SIGKILL),
  };
}

/** The last look: of nobody, unless the time was over before. */
async function signalUntilGone(
  look: () => Promise<Sight>,
  target: TerminationTarget,
  measure: Measure,
  limitMs: number,
): Promise<Sight> {
  const end = performance.now() + limitMs;
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const sight = await look();
    if (sight.entries?.length === 0 && target.root().reaped && (target.cgroup?.isEmpty() ?? true)) return sight;
    const seen = apply(measure, sight);
    const remainingMs = end - performance.now();
    if (remainingMs <= 0) return seen;
    await delay(Math.min(pauseMs, remainingMs));
  }
}

function apply(measure: Measure, sight: Sight): Sight {
  measure.signalKnown();
  let { error } = sight;
  for (const entry of sight.entries ?? []) {
    try {
      measure.signal(entry);
    } catch (cause) {
      error ??= cause;
    }
  }
  if (!error) return sight;
  measure.signalUnseen();
  return { error };
}

function identityOf(entry: ProcessEntry): string {
  return `${entry.pid}@${entry.startTime}`;
}
