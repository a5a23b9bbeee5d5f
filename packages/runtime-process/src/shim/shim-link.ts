import { unlessAborted } from '@aurae/proto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type Deferred, deferred } from '../deferred.js';
import { isAlive, listenAnew, type ProcessIdentity } from '../process-identity.js';
import { ShimConnection } from './shim-connection.js';
import type { ShimExit, ShimState } from './shim-state.js';

/** Where a shim can be found. */
export interface ShimPlace {
  readonly socket: string;
  readState(): Promise<ShimState | undefined>;
  readExit(): Promise<ShimExit | undefined>;
  /** Whether it lives, or is being started. Undefined when that cannot be told from here. */
  isLocked(): Promise<boolean | undefined>;
}

const shortestPauseMs = 5;
const longestPauseMs = 1000;

/** Keeps in touch with a shim to its end: whatever becomes of a connection or of the socket, it makes a new one. */
export class ShimLink {
  /** The exit; undefined when the shim died without one. Does not settle after `release`. */
  readonly ended: Promise<ShimExit | undefined>;
  private readonly released = new AbortController();
  private connection: Deferred<ShimConnection | undefined> = deferred();

  constructor(
    private readonly place: ShimPlace,
    /** Undefined when it is not known which process it is. */
    private identity: ProcessIdentity | undefined,
    private readonly onState: (state: ShimState) => void,
  ) {
    this.ended = this.follow();
  }

  /** The connection, as soon as there is one. Undefined when the shim is dead. Rejects when the signal aborts. */
  connected(signal: AbortSignal): Promise<ShimConnection | undefined> {
    return unlessAborted(this.connection.promise, signal);
  }

  /** Lets go of the shim, which runs on. */
  release(): void {
    this.released.abort();
    void this.connection.promise.then((connection) => connection?.close());
    this.connection.resolve(undefined);
  }

  private async follow(): Promise<ShimExit | undefined> {
    const { signal } = this.released;
    // Whoever waits for the start gets the answer first.
    await nextTurn();
    for (;;) {
      const connection = await this.connect(signal);
      if (signal.aborted) return new Promise(() => undefined);
      this.connection.resolve(connection);
      const exit = (await connection?.ended) ?? (await this.place.readExit());
      if (signal.aborted) return new Promise(() => undefined);
      if (exit || !connection) {
        this.connection = deferred();
        this.connection.resolve(undefined);
        return exit;
      }
      this.connection = deferred();
    }
  }

  /** Undefined when the shim is dead; it may have written its exit then. */
  private async connect(signal: AbortSignal): Promise<ShimConnection | undefined> {
    for (let pauseMs = shortestPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await ShimConnection.open(this.place.socket, (state) => this.take(state), signal);
      } catch {
        // A shim that is being started does not listen yet; one whose socket was removed does when it is asked to.
      }
      // One that has ended closes its socket first and waits for slow watchers then.
      if ((await this.place.readExit()) || !(await this.isAlive())) return undefined;
      if (pauseMs > shortestPauseMs) await this.askToListen();
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  private take(state: ShimState): void {
    this.identity = { pid: state.shimPid, startTime: state.shimStartTime };
    this.onState(state);
  }

  private async isAlive(): Promise<boolean> {
    try {
      // Both: others may take the lock, and another process may get the pid.
      const isLocked = await this.place.isLocked();
      if (isLocked === false) return false;
      return this.identity ? isAlive(this.identity) : isLocked === true;
    } catch {
      // For want of descriptors, say: to give up a shim that lives would be worse than to ask again.
      return true;
    }
  }

  private async askToListen(): Promise<void> {
    const state = await this.place.readState();
    const identity = state ? { pid: state.shimPid, startTime: state.shimStartTime } : this.identity;
    if (identity) listenAnew(identity);
  }
}
