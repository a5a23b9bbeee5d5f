/** Time, as the schedule needs it; tests control it. */
export interface ScheduleClock {
  /** Of the wall, Unix milliseconds. May jump either way. */
  now(): number;
  /** Milliseconds from some moment on; never jumps. */
  monotonic(): number;
  /** Calls back once after so many milliseconds, of any size, that the monotonic clock counts. Answers with what takes that back. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The longest that setTimeout can wait. */
const longestTimerMs = 2 ** 31 - 1;

export const systemScheduleClock: ScheduleClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, callback) {
    let timer: NodeJS.Timeout;
    const wait = (remaining: number): void => {
      const part = Math.min(remaining, longestTimerMs);
      timer = setTimeout(() => (remaining > part ? wait(remaining - part) : callback()), part);
      // Waiting for a moment to come is no reason to stay alive.
      timer.unref();
    };
    wait(Math.max(0, milliseconds));
    return () => clearTimeout(timer);
  },
};
