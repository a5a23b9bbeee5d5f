import { RestartMode, type RestartPolicy } from './gen/runtime.js';

// What a RestartPolicy means, for everyone who obeys one.

const defaultFirstPauseMs = 100;
const defaultLongestPauseMs = 60_000;
const longestPauseOfAllMs = 86_400_000;
const defaultStableAfterMs = 10_000;
/** How much of a pause is left to chance, so that many that failed together do not come back together. */
const jitter = 0.25;

/** A run that has ended by itself. */
export interface FinishedRun {
  /** It ended otherwise than with exit code 0. */
  readonly failed: boolean;
  readonly lastedMs: number;
  /** How many restarts, without a stable run between them, led to it. */
  readonly restartsInRow: number;
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly pauseMs: number; readonly restartsInRow: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'gave-up'; readonly restarts: number };

/**
 * What follows a run, by the policy.
 *
 * @param random from 0 to 1, as `Math.random` gives it
 */
export function decideRestart(
  policy: RestartPolicy | undefined,
  run: FinishedRun,
  random: number = Math.random(),
): RestartDecision {
  if (!policy || !wantsRestart(policy.mode, run)) return { kind: 'done' };
  const inRow = run.lastedMs >= (policy.stableAfterMs || defaultStableAfterMs) ? 0 : run.restartsInRow;
  if (policy.maxRestarts > 0 && inRow >= policy.maxRestarts) return { kind: 'gave-up', restarts: inRow };
  return { kind: 'restart', pauseMs: pauseBefore(policy, inRow, random), restartsInRow: inRow + 1 };
}

function pauseBefore({ firstPauseMs, longestPauseMs }: RestartPolicy, inRow: number, random: number): number {
  const longest = Math.min(longestPauseMs || defaultLongestPauseMs, longestPauseOfAllMs);
  const pause = Math.min((firstPauseMs || defaultFirstPauseMs) * 2 ** Math.min(inRow, 40), longest);
  return Math.round(pause * (1 - jitter * random));
}

function wantsRestart(mode: RestartMode, { failed }: FinishedRun): boolean {
  switch (mode) {
    case RestartMode.RESTART_MODE_ALWAYS:
      return true;
    case RestartMode.RESTART_MODE_ON_FAILURE:
      return failed;
    default:
      return false;
  }
}
