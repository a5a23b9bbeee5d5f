import type { runtime } from '@aurae/proto';

/** What a restart policy looks like, for messages. */
export const restartForms = 'no, on-failure, on-failure:5 (at most five times in a row) and always';

const maximumRestarts = 0xffff_ffff;

/** The numbers of the enum are on the wire; to name them would load the whole API for `--help`. */
const modes = { never: 0, onFailure: 1, always: 2 } as const satisfies Record<string, runtime.RestartMode>;

/** The policy of `no`, `on-failure`, `on-failure:5` or `always`. Undefined when it is none. */
export function parseRestartPolicy(text: string): runtime.RestartPolicy | undefined {
  if (text === 'no') return { mode: modes.never, maxRestarts: 0 };
  if (text === 'always') return { mode: modes.always, maxRestarts: 0 };
  const [isOnFailure, most] = /^on-failure(?::([1-9]\d{0,9}))?$/.exec(text) ?? [];
  const maxRestarts = Number(most ?? 0);
  if (isOnFailure === undefined || maxRestarts > maximumRestarts) return undefined;
  return { mode: modes.onFailure, maxRestarts };
}
