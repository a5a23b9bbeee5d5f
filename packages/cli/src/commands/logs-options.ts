import { UsageError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';

export interface LogsOptions extends GlobalOptions {
  readonly daemon?: boolean;
  readonly pid?: number;
  readonly follow?: boolean;
  readonly tail?: number;
  /** Unix milliseconds, as `until`. */
  readonly since?: number;
  readonly until?: number;
  readonly channel?: 'stdout' | 'stderr';
  readonly timestamps?: boolean;
}

/** Whose log is asked for. */
export type LogSource =
  | { readonly kind: 'daemon' }
  | { readonly kind: 'process'; readonly pid: number }
  | { readonly kind: 'workload'; readonly name: string };

/** What only some sources know to do. */
const abilities = {
  daemon: ['follow', 'tail'],
  process: ['follow', 'channel', 'timestamps'],
  workload: ['follow', 'tail', 'since', 'until', 'channel', 'timestamps'],
} as const satisfies Record<LogSource['kind'], readonly (keyof LogsOptions)[]>;

export function logSource(name: string | undefined, options: LogsOptions): LogSource {
  const { daemon, pid } = options;
  const sources: LogSource[] = [
    ...(name === undefined ? [] : [{ kind: 'workload', name } as const]),
    ...(pid === undefined ? [] : [{ kind: 'process', pid } as const]),
    ...(daemon ? [{ kind: 'daemon' } as const] : []),
  ];
  const [source, another] = sources;
  if (!source || another) {
    const problem = source ? 'say one log, and not several' : 'say whose log';
    throw new UsageError(
      `${problem}: "aurae logs NAME" shows that of an executable, "aurae logs --daemon" auraed's own`,
    );
  }
  refuseInabilities(source, options);
  return source;
}

function refuseInabilities({ kind }: LogSource, options: LogsOptions): void {
  const able: readonly string[] = abilities[kind];
  const wrong = abilities.workload.find((option) => options[option] !== undefined && !able.includes(option));
  if (wrong === undefined) return;
  const flag = kind === 'daemon' ? '--daemon' : '--pid';
  throw new UsageError(`option --${wrong} does not go with ${flag}: it is for "aurae logs NAME"`);
}
