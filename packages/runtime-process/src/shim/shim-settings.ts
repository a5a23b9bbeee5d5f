import type { CgroupPlan } from '../cgroup/cgroup-plan.js';

/** All that a shim has to know, as in native/shim/README.md. */
export interface ShimSettings {
  readonly directory: string;
  readonly socket: string;
  readonly log: {
    readonly directory: string;
    /** Of the next record; undefined when it is not known. */
    readonly nextSequence: number | undefined;
    readonly segmentBytes: number;
    readonly segments: number;
  };
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly user: string | undefined;
  readonly trampoline: string;
  /** Octal. */
  readonly umask: string;
  readonly limits: readonly ResourceLimitSetting[];
  readonly cgroup: CgroupPlan;
  readonly stdin: 'null' | 'pipe';
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined;
  readonly stopSignal: number;
  readonly stopGraceMs: number;
}

/** Of setrlimit(2). */
export interface ResourceLimitSetting {
  readonly resource: number;
  readonly soft: bigint;
  readonly hard: bigint;
}

/** None of the values contains a NUL byte: specs are checked for that. */
export function encodeSettings(settings: ShimSettings): Buffer {
  const lines = [...ownSettings(settings), ...programSettings(settings), ...cgroupSettings(settings.cgroup)];
  return Buffer.from(lines.map(([key, value]) => `${key}=${value}\0`).join(''), 'utf8');
}

type Setting = readonly [key: string, value: string | number];

function ownSettings({ directory, socket, log }: ShimSettings): Setting[] {
  return [
    ['directory', directory],
    ['socket', socket],
    ['log', log.directory],
    ...optional('log-sequence', log.nextSequence),
    ['log-segment-bytes', log.segmentBytes],
    ['log-segments', log.segments],
  ];
}

function programSettings(settings: ShimSettings): Setting[] {
  const { argv, env, user, terminal } = settings;
  return [
    ['file', argv[0] ?? ''],
    ...argv.map((argument): Setting => ['arg', argument]),
    ...Array.from(env, ([name, value]): Setting => ['env', `${name}=${value}`]),
    ['cwd', settings.cwd],
    ...optional('user', user),
    ...optional('trampoline', user === undefined ? undefined : settings.trampoline),
    ['umask', settings.umask],
    ...settings.limits.map(({ resource, soft, hard }): Setting => ['limit', `${resource}:${soft}:${hard}`]),
    ['stdin', settings.stdin],
    ...optional('terminal', terminal && `${terminal.rows}x${terminal.columns}`),
    ['stop-signal', settings.stopSignal],
    ['stop-grace-ms', settings.stopGraceMs],
  ];
}

function cgroupSettings(plan: CgroupPlan): Setting[] {
  return [
    ...plan.directories.map((directory): Setting => ['cgroup', directory]),
    ...plan.values.map(({ file, value }): Setting => ['cgroup-set', `${file}=${value}`]),
    ...optional('cgroup-kill', plan.kill),
    ...optional('cgroup-freezer', plan.freezer),
    ...optional('cgroup-events', plan.events),
    ...plan.shimDirectories.map((directory): Setting => ['shim-cgroup', directory]),
  ];
}

function optional(key: string, value: string | number | undefined): Setting[] {
  return value === undefined ? [] : [[key, value]];
}
