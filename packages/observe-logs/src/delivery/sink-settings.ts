import type { BackoffOptions } from '../backoff.js';
import { integerInRange } from '../option-range.js';
import type { LogBatchLimits } from './taken-batch.js';
import type { SinkStatus } from './sink-status.js';

const hourMs = 3_600_000;
/** The longest time that a timer can be set to. */
const maximumTimerMs = 2 ** 31 - 1;

/**
 * What becomes of the lines that come while a sink does not take any.
 * - `drop-oldest`: a batch is tried for ever, and the log lets go what it lets go.
 * - `block`: a batch is given up after some time, so that newer lines get through.
 * - `spill`: as `drop-oldest`, and the logs of workloads are held back, so that they let nothing go up to a bound.
 */
export type WhenBehind = 'drop-oldest' | 'block' | 'spill';

export interface SinkPumpOptions extends BackoffOptions {
  /** Records in one write. 3 to 65,536; default 256. */
  readonly maximumBatchItems?: number;
  /** Bytes of lines and fields in one write; a single line may be more. 1 KiB to 16 MiB; default 256 KiB. */
  readonly maximumBatchBytes?: number;
  /** How long a batch that is not full waits for more. 0 to 60,000 ms; default 20 ms. */
  readonly lingerMs?: number;
  /** How long the sink may take for one write or flush. 1 ms to 1 h; default 10 s. */
  readonly writeTimeoutMs?: number;
  /** Default `drop-oldest`. */
  readonly whenBehind?: WhenBehind;
  /** With `block`: how long a batch is tried. 1 ms to 24 days; default 1 min. */
  readonly blockForMs?: number;
  /** Called when a sink begins to fail, and when it works again. Must not throw. */
  readonly onHealthChange?: (status: SinkStatus) => void;
  /** From 0 to 1, for the jitter. Default `Math.random`. */
  readonly random?: () => number;
}

export interface SinkSettings {
  readonly limits: LogBatchLimits;
  readonly lingerMs: number;
  readonly writeTimeoutMs: number;
  readonly initialBackoffMs: number;
  readonly maximumBackoffMs: number;
  readonly whenBehind: WhenBehind;
  readonly blockForMs: number;
  readonly onHealthChange: (status: SinkStatus) => void;
  readonly random: () => number;
}

/** @throws RangeError when an option is out of its range */
export function sinkSettings(options: SinkPumpOptions): SinkSettings {
  return {
    limits: {
      maximumItems: integerInRange('maximumBatchItems', options.maximumBatchItems ?? 256, 3, 65_536),
      maximumBytes: integerInRange('maximumBatchBytes', options.maximumBatchBytes ?? 256 * 1024, 1024, 2 ** 24),
    },
    lingerMs: integerInRange('lingerMs', options.lingerMs ?? 20, 0, 60_000),
    writeTimeoutMs: integerInRange('writeTimeoutMs', options.writeTimeoutMs ?? 10_000, 1, hourMs),
    initialBackoffMs: integerInRange('initialBackoffMs', options.initialBackoffMs ?? 100, 1, hourMs),
    maximumBackoffMs: integerInRange('maximumBackoffMs', options.maximumBackoffMs ?? 30_000, 1, hourMs),
    whenBehind: options.whenBehind ?? 'drop-oldest',
    blockForMs: integerInRange('blockForMs', options.blockForMs ?? 60_000, 1, maximumTimerMs),
    onHealthChange: options.onHealthChange ?? (() => {}),
    random: options.random ?? Math.random,
  };
}
