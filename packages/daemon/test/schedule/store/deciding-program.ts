import { writeSync } from 'node:fs';
import { meta, runtime } from '@aurae/proto';
import { openScheduleStore } from '../../../src/schedule/store/index.js';

// Decides without an end, and writes the number of each decision once it was answered. Each is about two workloads.

const [path = '', first = '1'] = process.argv.slice(2);
const silent = () => undefined;
const store = await openScheduleStore(path, {
  log: { debug: silent, info: silent, warn: silent, error: silent },
});

function key(name: string) {
  return { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
}

async function decide(number: number): Promise<void> {
  const changes = [`one ${number}`, `other ${number}`].map((name) => {
    const value = runtime.Executable.fromPartial({ meta: { name }, command: `run ${name}` });
    const spec = { $case: 'executable', value } as const;
    return {
      kind: 'put',
      entry: { key: key(name), spec, enabled: true, revision: number, decidedAtMs: number },
    } as const;
  });
  store.keepHistory({ key: key(`one ${number}`), timestampMs: number, type: 'enabled', message: 'by a test' });
  await store.commit(changes);
  writeSync(1, `${number}\n`);
}

for (let number = Number(first); ; number += 5) {
  // Alone, and several in one transaction.
  await decide(number);
  await Promise.all([1, 2, 3, 4].map((ahead) => decide(number + ahead)));
}
