import { z } from 'zod';

const integer = z.int().min(0);
const flag = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);

/** Version of the files and frames that this program and aurae-shim agree on. */
export const shimProtocol = 1;

const state = z.object({
  protocol: z.literal(shimProtocol),
  shimPid: integer,
  shimStartTime: integer,
  /** Of the main process. */
  pid: integer,
  startTime: integer,
  startedAtMs: integer,
  /** A stop ladder has begun. */
  stopping: flag,
  /** SIGKILL did not end all its processes in time. */
  stuck: flag,
  /** Of the run's first record. */
  logFirstSequence: integer,
  logNextSequence: integer,
  logLost: integer,
});

const exit = state.extend({
  endedAtMs: integer,
  /** -1 after a death by signal. */
  code: z.int().min(-1),
  signal: integer,
  coreDumped: flag,
  oomKilled: flag,
  stopped: flag,
  userCpuUs: integer,
  systemCpuUs: integer,
  maxRssBytes: integer,
});

/** What a shim says of its workload while that runs. */
export type ShimState = Readonly<z.infer<typeof state>>;

/** What a shim says of its workload at the end. */
export type ShimExit = Readonly<z.infer<typeof exit>>;

/** Throws for anything but the state of a shim of this protocol. */
export function parseShimState(text: string): ShimState {
  return state.parse(JSON.parse(text));
}

/** Throws for anything but the exit of a shim of this protocol. */
export function parseShimExit(text: string): ShimExit {
  return exit.parse(JSON.parse(text));
}
