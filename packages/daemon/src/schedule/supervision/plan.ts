import { decideRestart, type runtime } from '@aurae/proto';

/** What is to follow for an enabled workload while no run of it lives. */
export type Plan =
  /** It is to start as soon as nothing is in the way. */
  | { readonly kind: 'due'; readonly why: string; readonly isRestart: boolean }
  /** After a pause. */
  | {
      readonly kind: 'pause';
      /** What the pause is for, and so what the start will be for. */
      readonly why: string;
      readonly isRestart: boolean;
      /** What there is to be said of it meanwhile, for a person. */
      readonly message: string;
      /** By the wall, Unix milliseconds; for people. */
      readonly nextStartAtMs: number;
    }
  /** Until its timer comes due. */
  | { readonly kind: 'timer' }
  /** It has done what it is for. */
  | { readonly kind: 'done' }
  /** Its policy does not start it again, though it has failed. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It was stopped by hand. */
  | { readonly kind: 'held' };

/** A run that has ended otherwise than by a stop. */
export interface EndedRun {
  readonly failed: boolean;
  readonly lastedMs: number;
  /** For a person: `exited with 1`. */
  readonly how: string;
}

export interface PlanAfterEnd {
  readonly plan: Exclude<Plan, { readonly kind: 'pause' }> | PlannedPause;
  readonly restartsInRow: number;
}

/** A pause that has not begun. */
export interface PlannedPause {
  readonly kind: 'planned-pause';
  readonly pauseMs: number;
  readonly why: string;
}

export interface PolicyState {
  readonly policy: runtime.RestartPolicy | undefined;
  readonly restartsInRow: number;
  readonly hasTimer: boolean;
  /** From 0 to 1. */
  readonly random: number;
}

/** What follows the end of a run, by the restart policy. */
export function planAfterEnd(end: EndedRun, state: PolicyState): PlanAfterEnd {
  const { policy, restartsInRow, hasTimer, random } = state;
  const decision = decideRestart(policy, { ...end, restartsInRow }, random);
  switch (decision.kind) {
    case 'restart':
      return {
        plan: { kind: 'planned-pause', pauseMs: decision.pauseMs, why: `restarted by its policy: it ${end.how}` },
        restartsInRow: decision.restartsInRow,
      };
    case 'gave-up':
      return {
        plan: { kind: 'failed', reason: `${inARow(decision.restarts)} did not help; it last ${end.how}` },
        restartsInRow: 0,
      };
    case 'done':
      if (end.failed) return { plan: { kind: 'failed', reason: `it ${end.how}` }, restartsInRow: 0 };
      return { plan: { kind: hasTimer ? 'timer' : 'done' }, restartsInRow: 0 };
  }
}

function inARow(restarts: number): string {
  return restarts === 1 ? 'one restart' : `${restarts} restarts in a row`;
}
