import type { KindOptions } from './kind-options.js';

export interface EventsOptions extends KindOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  /** Unix milliseconds, as `until`. */
  readonly since?: number;
  readonly until?: number;
  /** 0 is before the first. */
  readonly after?: bigint;
  readonly type?: readonly string[];
}
