import type { runtime } from '@aurae/proto';

/** What a restart policy looks like, for messages. */
export const restartForms =
  'never (or no), on-failure and always; on-failure:5 and always:5 are at most five times in a row';

const maximumRestarts = 0xffff_ffff;

/** The numbers of the enum are on the wire; to name them would load the whole API for `--help`. */
export const restartModes = { never: 0, 'on-failure': 1, always: 2 } as const satisfies Record<
  string,
  runtime.RestartMode
>;

/** The policy of `never`, `no`, `on-failure`, `always` or `on-failure:5`. Undefined when it is none. */
export function parseRestartPolicy(text: string): runtime.RestartPolicy | undefined {
  if (text === 'no' || text === 'never') return policy(restartModes.never);
  const [, mode, most] = /^(on-failure|always)(?::([1-9]\d{0,9}))?$/.exec(text) ?? [];
  const maxRestarts = Number(most ?? 0);
  if (mode === undefined || maxRestarts > maximumRestarts) return undefined;
  return policy(restartModes[mode as 'on-failure' | 'always'], maxRestarts);
}

/** With the daemon's own pauses. */
function policy(mode: runtime.RestartMode, maxRestarts = 0): runtime.RestartPolicy {
  return { mode, maxRestarts, firstPauseMs: 0, longestPauseMs: 0, stableAfterMs: 0 };
}
