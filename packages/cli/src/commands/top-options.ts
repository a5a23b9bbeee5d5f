import type { GlobalOptions } from '../global-options.js';

export interface TopOptions extends GlobalOptions {
  /** Milliseconds. */
  readonly interval?: number;
  readonly once?: boolean;
}
