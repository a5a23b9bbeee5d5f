import { UsageError } from '../failures.js';
import { detachKeysForms, parseDetachKeys } from '../values/detach-keys.js';

/** Ctrl-P Ctrl-Q, as docker has it. */
const standardKeys = Uint8Array.of(0x10, 0x11);

/** What leaves an attached terminal when the command line does not say. */
export function defaultDetachKeys({ AURAE_DETACH_KEYS: text = '' }: NodeJS.ProcessEnv): Uint8Array {
  if (text === '') return standardKeys;
  const keys = parseDetachKeys(text);
  if (!keys) throw new UsageError(`AURAE_DETACH_KEYS "${text}" is invalid. Allowed are ${detachKeysForms}.`);
  return keys;
}
