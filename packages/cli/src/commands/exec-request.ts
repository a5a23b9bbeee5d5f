import type { GlobalOptions } from '../global-options.js';
import { type CommandOptions, commandRequest } from './command-request.js';

export interface ExecOptions extends GlobalOptions, CommandOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly interactive?: boolean;
  readonly tty?: boolean;
}

/** The `Executable` that `aurae exec` asks for. */
export function execRequest(words: readonly string[], options: ExecOptions) {
  return { ...commandRequest(words, options, 'aurae exec -- uname -a'), timeoutMs: options.timeout ?? 0 };
}
