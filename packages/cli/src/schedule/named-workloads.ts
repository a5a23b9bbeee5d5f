import { NotFoundError } from '@aurae/proto';
import { meantName } from './suggest-workload.js';
import { shownKey, type WorkloadKey } from './workload-key.js';

/**
 * Those of the items that are called by the names, all where there are none. Throws NotFoundError for a name too many.
 *
 * @param otherWords what else somebody may have meant in the place of a name
 */
export function namedWorkloads<Item>(
  items: readonly Item[],
  names: readonly string[],
  keyOf: (item: Item) => WorkloadKey | undefined,
  action: string,
  otherWords: readonly string[] = [],
): readonly Item[] {
  if (names.length === 0) return items;
  const wanted = new Map(names.map((name) => [name, false]));
  const found = items.filter((item) => {
    const key = keyOf(item);
    const called = key ? [key.name, shownKey(key)].filter((name) => wanted.has(name)) : [];
    for (const name of called) wanted.set(name, true);
    return called.length > 0;
  });
  const missing = [...wanted].find(([, isFound]) => !isFound)?.[0];
  if (missing === undefined) return found;
  const keys = items.flatMap((item) => keyOf(item) ?? []);
  const hint = meantName(missing, keys, otherWords) || '; "aurae schedule" shows what there is';
  throw new NotFoundError(`Cannot ${action} ${JSON.stringify(missing)}: it is not scheduled${hint}`);
}
