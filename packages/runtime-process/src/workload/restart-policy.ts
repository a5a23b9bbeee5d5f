import { runtime } from '@aurae/proto';

const firstPauseMs = 100;
const longestPauseMs = 60_000;
/** A run that lasted this long was a good one: what follows is no row of failures. */
const stableRunMs = 10_000;

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

/** What follows a run, by the policy. */
export function decideRestart(policy: runtime.RestartPolicy | undefined, run: FinishedRun): RestartDecision {
  if (!wantsRestart(policy, run)) return { kind: 'done' };
  const inRow = run.lastedMs >= stableRunMs ? 0 : run.restartsInRow;
  const most = policy?.maxRestarts ?? 0;
  if (most > 0 && inRow >= most) return { kind: 'gave-up', restarts: inRow };
  return {
    kind: 'restart',
    pauseMs: Math.min(firstPauseMs * 2 ** Math.min(inRow, 20), longestPauseMs),
    restartsInRow: inRow + 1,
  };
}

function wantsRestart(policy: runtime.RestartPolicy | undefined, { failed }: FinishedRun): boolean {
  switch (policy?.mode) {
    case runtime.RestartMode.RESTART_MODE_ALWAYS:
      return true;
    case runtime.RestartMode.RESTART_MODE_ON_FAILURE:
      return failed;
    default:
      return false;
  }
}
