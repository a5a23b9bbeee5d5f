/** A program that keeps others running, as the comparison drives it. */
export interface SupervisorUnderTest {
  readonly name: string;
  /** Starts a `sleep` that never ends by itself. Milliseconds from the request to the answer that it runs. */
  start(index: number): Promise<number>;
  /** Of those that it knows to be running. */
  runningPids(): Promise<readonly number[]>;
  /** Processes that are there for the supervision alone. */
  ownPids(): readonly number[];
  /** KILL to the supervisor, and then a new one in its place. */
  killAndRestart(): Promise<void>;
}

/** How many are started. */
export const supervisedCount = 100;

export async function elapsedMs(call: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await call();
  return performance.now() - from;
}
