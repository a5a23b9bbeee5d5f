import { runtime } from '@aurae/proto';
import { readCriteria, writeCriteria } from './criteria-table.js';
import { readName } from './name-key.js';
import { readRestart, writeRestart } from './restart-table.js';
import { withoutDefaults } from './short-form.js';
import type { Table } from './table.js';

/** What containers and instances have in common, which is everything so far. */
export type ImageWorkload = runtime.Container & runtime.Instance;

/** Reads all keys of a container or an instance but those that every kind has. */
export function readImageWorkload(table: Table): ImageWorkload {
  const criteria = readCriteria(table);
  const workload = runtime.Container.fromPartial({
    ...readName(table),
    name: table.text('given_name'),
    image: table.text('image'),
    labels: table.textTable('labels'),
    restart: readRestart(table),
    ...(criteria ? { criteria } : {}),
  });
  if (!workload.meta?.name && workload.name === '') table.reportLack('name is missing: give it a name');
  if (!table.peek('image')) table.reportLack('image is missing: say which image it runs');
  return workload;
}

export function writeImageWorkload({ meta, name, image, restart, criteria, labels }: ImageWorkload): object {
  return withoutDefaults({
    name: meta?.name,
    // The API's own field `name`, by which early clients call it.
    given_name: name,
    image,
    restart: writeRestart(restart),
    ...writeCriteria(criteria),
    labels,
  });
}
