import type { observe } from '@aurae/proto';

/** What a probe needs of the run that it asks about. */
export interface ProbeTarget {
  /**
   * Runs a command beside or inside of the workload. Answers with what is wrong; undefined when its exit code is 0. When
   * the signal aborts, it ends the command and settles soon, one way or the other.
   */
  exec(argv: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** The log of the run, both channels, from its first line on, and then what comes. Ends when the signal aborts. */
  readLog(signal: AbortSignal): AsyncIterable<observe.LogBatch>;
}
