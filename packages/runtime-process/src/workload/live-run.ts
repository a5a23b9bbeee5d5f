import type { SignalTarget } from '../shim/shim-connection.js';
import type { ShimReport } from '../shim/launch-shim.js';
import { ShimLink, type ShimPlace } from '../shim/shim-link.js';
import type { ShimExit, ShimState } from '../shim/shim-state.js';
import type { RunDirectory } from './run-directory.js';
import type { RunEnd } from './run-end.js';
import type { RunRecord } from './run-record.js';

/** What a run is, apart from its processes. */
export interface RunIdentity {
  readonly directory: RunDirectory;
  readonly record: RunRecord;
  /** Where its shim listens. */
  readonly socket: string;
}

/** What is known of a run from its start on; the rest comes from its shim. */
export type RunState = ShimReport & Partial<ShimState>;

/** Hears what a shim says of its run. */
export interface RunListener {
  /** There is another main process, or a stop has come to something. */
  changed(): void;
  /** It has told its state: of that, or that its log has a further segment or has lost something. */
  told(): void;
}

/** A run whose shim lives. */
export class LiveRun {
  /** Settles when the run is over. Does not settle after `release`. */
  readonly ended: Promise<RunEnd>;
  private readonly link: ShimLink;
  private readonly first: RunState;

  constructor(
    readonly identity: RunIdentity,
    private state: RunState,
    listener: RunListener,
  ) {
    this.first = state;
    const { directory, socket } = identity;
    const shim = { pid: state.shimPid, startTime: state.shimStartTime };
    this.link = new ShimLink(placeOf(directory, socket), shim, (state) => {
      const previous = this.state;
      this.state = state;
      if (!showsAlike(previous, state)) listener.changed();
      listener.told();
    });
    this.ended = this.link.ended.then((exit) => this.endBy(exit));
  }

  get pid(): number {
    return this.state.pid;
  }

  /** Of the process that was started, where that has become a daemon since. */
  get firstPid(): number {
    return this.first.pid;
  }

  get shimPid(): number {
    return this.state.shimPid;
  }

  /** Of the log's first record that is its own. */
  get logFirstSequence(): number {
    return this.state.logFirstSequence;
  }

  get startedAtMs(): number {
    return this.state.startedAtMs;
  }

  get logLost(): number {
    return this.state.logLost ?? 0;
  }

  get isStopping(): boolean {
    return this.state.stopping ?? false;
  }

  get isStuck(): boolean {
    return this.state.stuck ?? false;
  }

  /** Whether its shim listens, after waiting for that. False when the run is over. */
  async isReachable(call: AbortSignal): Promise<boolean> {
    return (await this.link.connected(call)) !== undefined;
  }

  /** Does nothing when the run is over, as the others below. Rejects when the call's signal aborts first. */
  async signal(number: number, target: SignalTarget, call: AbortSignal): Promise<void> {
    (await this.link.connected(call))?.signal(number, target);
  }

  async resize(rows: number, columns: number, call: AbortSignal): Promise<void> {
    (await this.link.connected(call))?.resize(rows, columns);
  }

  /** Begins the stop ladder, which goes on whatever becomes of this program. */
  async stop(number: number, graceMs: number, call: AbortSignal): Promise<void> {
    (await this.link.connected(call))?.stop(number, graceMs);
  }

  /** Lets go of the shim, which runs on. */
  release(): void {
    this.link.release();
  }

  private endBy(exit: ShimExit | undefined): RunEnd {
    if (exit) return { kind: 'known', endedAtMs: exit.endedAtMs, exit };
    const { shimPid, pid, startTime, startedAtMs } = this.state;
    return {
      kind: 'unknown',
      endedAtMs: Date.now(),
      startedAtMs,
      main: { pid, startTime },
      reason: `How it ended is not known: its shim (pid ${shimPid}) was killed.`,
    };
  }
}

function showsAlike(one: RunState, other: RunState): boolean {
  return one.pid === other.pid && !one.stopping === !other.stopping && !one.stuck === !other.stuck;
}

export function placeOf(directory: RunDirectory, socket: string): ShimPlace {
  return {
    socket,
    readState: () => directory.readState(),
    readExit: () => directory.readExit(),
    isLocked: () => directory.isLocked(),
  };
}
