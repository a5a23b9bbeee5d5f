import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  LoadedEntry,
  ScheduleEntry,
  ScheduleStore,
  StoreChange,
} from '../../../src/schedule/store/schedule-store.js';
import { entryNamed, keyNamed, put, putOnTrial, StoreFixture } from './store-fixture.js';

interface ModelEntry {
  readonly entry: ScheduleEntry;
  readonly isOnTrial: boolean;
  readonly fallback?: ScheduleEntry;
  readonly restarts: number;
}

/** What a store is to do, in the simplest words. */
class StoreModel {
  private entries = new Map<string, ModelEntry>();
  lastRevision = 0;

  apply(change: StoreChange): void {
    const name = change.kind === 'put' ? change.entry.key.name : change.key.name;
    const old = this.entries.get(name);
    if (change.kind === 'delete') this.entries.delete(name);
    else if (change.kind === 'put') this.put(name, change.entry, change.onTrial === true, old);
    else if (old) this.entries.set(name, { entry: old.entry, isOnTrial: false, restarts: old.restarts });
  }

  keepProgress(name: string, restarts: number): void {
    const old = this.entries.get(name);
    if (old) this.entries.set(name, { ...old, restarts });
  }

  reopen(): void {
    for (const [name, { isOnTrial, fallback, restarts }] of [...this.entries]) {
      if (!isOnTrial) continue;
      if (fallback) this.entries.set(name, { entry: fallback, isOnTrial: false, restarts });
      else this.entries.delete(name);
    }
  }

  get contents(): LoadedEntry[] {
    const all = [...this.entries.values()].map(({ entry, restarts }) => ({ entry, progress: { restarts } }));
    return all.sort((one, other) => one.entry.revision - other.entry.revision);
  }

  private put(name: string, entry: ScheduleEntry, isOnTrial: boolean, old: ModelEntry | undefined): void {
    const fallback = old?.isOnTrial ? old.fallback : old?.entry;
    const restarts = old?.restarts ?? 0;
    this.entries.set(name, { entry, isOnTrial, restarts, ...(isOnTrial && fallback ? { fallback } : {}) });
    this.lastRevision = Math.max(this.lastRevision, entry.revision);
  }
}

const name = fc.constantFrom('web', 'db', "it's");
const part = fc.record({ what: fc.constantFrom('put', 'try', 'confirm', 'delete'), name });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('commit' as const), parts: fc.array(part, { maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('progress' as const), name, restarts: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

test('any sequence of decisions, progress and openings ends where the model ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const fixture = new StoreFixture();
      const model = new StoreModel();
      let store: ScheduleStore = await fixture.open();
      let revision = 0;
      // Most are not waited for: they share transactions as it comes.
      let commits: Promise<void>[] = [];
      for (const taken of [...steps, { do: 'reopen' as const }]) {
        if (taken.do === 'commit') {
          const changes = taken.parts.map(({ what, name }) => changeOf(what, name, (revision += 1)));
          for (const change of changes) model.apply(change);
          commits.push(store.commit(changes));
        } else if (taken.do === 'progress') {
          model.keepProgress(taken.name, taken.restarts);
          store.keepProgress(keyNamed(taken.name), { restarts: taken.restarts });
        } else if (taken.do === 'flush') {
          fixture.clock.advance(200);
        } else {
          await Promise.all(commits);
          commits = [];
          if (taken.do === 'reopen') {
            model.reopen();
            store = await fixture.reopen();
          }
          expect(await store.load()).toEqual(model.contents);
          expect(store.lastRevision).toBe(model.lastRevision);
        }
      }
      await fixture.close();
    }),
    { numRuns: 100 },
  );
}, 120_000);

function changeOf(what: string, name: string, revision: number): StoreChange {
  if (what === 'put') return put(name, revision);
  if (what === 'try') return putOnTrial(name, revision, entryNamed(name, revision).key.name);
  return what === 'confirm' ? { kind: 'confirm', key: keyNamed(name) } : { kind: 'delete', key: keyNamed(name) };
}
