import type { meta } from '@aurae/proto';
import type { NameResult } from '../commands/for-each-name.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { localTimes } from '../output/local-times.js';
import { shownKey, type WorkloadKey } from './workload-key.js';

/** What became of one workload: `Enabled web: runs as pid 123`. */
export function scheduleResult(
  verb: string,
  key: WorkloadKey,
  { meta: told }: { readonly meta: meta.AuraeMeta | undefined },
): NameResult {
  const message = told?.message ?? '';
  const isNews = message !== '' && message !== `is ${verb.toLowerCase()}`;
  const text = [`${verb} ${shownKey(key)}`, ...(isNews ? [localTimes(message, Date.now())] : [])].join(': ');
  const json = { meta: { name: key.name, ...(message === '' ? {} : { message }) }, kind: key.kind };
  return { text: escapeControlCharacters(text), json };
}
