import { UsageError } from '../failures.js';
import { type LinePattern, linePattern, type PatternOptions } from '../logs/line-pattern.js';
import { type LogTarget, logTarget, processTarget } from '../logs/log-target.js';
import type { KindOptions } from './kind-options.js';
import { refuseEmptyTail } from './refuse-empty-tail.js';

export interface LogsOptions extends KindOptions, PatternOptions {
  readonly daemon?: boolean;
  readonly pid?: number;
  readonly follow?: boolean;
  readonly tail?: number;
  /** Unix milliseconds, as `until`. */
  readonly since?: number;
  readonly until?: number;
  readonly channel?: 'stdout' | 'stderr';
  readonly timestamps?: boolean;
  /** Of the daemon's own log, as `component`. */
  readonly level?: string;
  readonly component?: string;
}

/** Whose log is asked for. */
export type LogSource =
  | { readonly kind: 'daemon' }
  | { readonly kind: 'process'; readonly targets: readonly [LogTarget] }
  | { readonly kind: 'workloads'; readonly targets: readonly LogTarget[] };

export interface LogsRequest {
  readonly source: LogSource;
  readonly pattern: LinePattern | undefined;
  /** What holds for it: of what is there nothing, where only what is new is asked for. */
  readonly options: LogsOptions;
}

/** What only some sources know to do. */
const abilities = {
  daemon: ['tail', 'since', 'until', 'level', 'component'],
  process: ['channel', 'timestamps'],
  workloads: ['tail', 'since', 'until', 'channel', 'timestamps', 'kind'],
} as const satisfies Record<LogSource['kind'], readonly (keyof LogsOptions)[]>;

const allAbilities = [...new Set(Object.values(abilities).flat())];

/** Each name costs a call of its own, and memory for a batch. */
const mostNames = 100;

/** @throws UsageError when the options do not go together, or the pattern is none */
export function logsRequest(names: readonly string[], options: LogsOptions): LogsRequest {
  const source = logSource([...new Set(names)], options);
  refuseInabilities(source, options);
  return { source, pattern: linePattern(options), options: startingNow(options) };
}

/** A tail of 0 means all to the API: what is older than now is left out in its place. */
function startingNow(options: LogsOptions): LogsOptions {
  const { tail, ...others } = options;
  if (tail !== 0) return options;
  refuseEmptyTail(options);
  return { ...others, since: Math.max(Date.now(), options.since ?? 0) };
}

function logSource(names: readonly string[], { daemon, pid, kind }: LogsOptions): LogSource {
  if (names.length > mostNames) throw new UsageError(`${names.length} names are more than ${mostNames}: give fewer`);
  const sources: LogSource[] = [
    ...(names.length === 0
      ? []
      : [{ kind: 'workloads', targets: names.map((name) => logTarget(name, kind)) } as const]),
    ...(pid === undefined ? [] : [{ kind: 'process', targets: [processTarget(pid)] } as const]),
    ...(daemon ? [{ kind: 'daemon' } as const] : []),
  ];
  const [source, another] = sources;
  if (source && !another) return source;
  const problem = source ? 'say one kind of log, and not several' : 'say whose log';
  throw new UsageError(`${problem}: "aurae logs NAME..." shows those of workloads, "aurae logs --daemon" auraed's own`);
}

const flags = { daemon: '--daemon', process: '--pid', workloads: 'a name' } as const;

function refuseInabilities({ kind }: LogSource, options: LogsOptions): void {
  const able: readonly string[] = abilities[kind];
  const wrong = allAbilities.find((option) => options[option] !== undefined && !able.includes(option));
  if (wrong === undefined) return;
  const isDaemons = wrong === 'level' || wrong === 'component';
  throw new UsageError(
    `option --${wrong} does not go with ${flags[kind]}: ` + `it is for "aurae logs ${isDaemons ? '--daemon' : 'NAME'}"`,
  );
}
