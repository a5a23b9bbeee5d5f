import { backend, meta, type observe } from '@aurae/proto';
import { expect, it } from 'vitest';
import type { EventDraft } from '../../src/events/event-draft.js';
import { EventRecorder } from '../../src/events/event-recorder.js';

const { WORKLOAD_KIND_EXECUTABLE } = meta.WorkloadKind;
const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_STANDBY, STATUS_ERROR } = meta.Status;

/** Keeps what is published; its history is that of a journal before. */
class FakeJournal {
  readonly published: EventDraft[] = [];

  constructor(private readonly before: readonly EventDraft[] = []) {}

  publish(draft: EventDraft): void {
    this.published.push(draft);
  }

  async *history(): AsyncGenerator<observe.Event> {
    for (const [index, draft] of this.before.entries()) {
      yield {
        sequence: BigInt(index + 1),
        timestampMs: BigInt(draft.timestampMs),
        workload: draft.workload,
        type: draft.type,
        status: draft.status ?? 0,
        message: draft.message ?? '',
        attributes: { ...draft.attributes },
        dropped: 0n,
      };
    }
  }

  get types(): string[] {
    return this.published.map(({ type, workload }) => `${type} ${workload?.name ?? ''}`.trim());
  }
}

function event(name: string, status: meta.Status, startedAtMs: number, more: Partial<backend.WorkloadEvent> = {}) {
  const workload = { kind: WORKLOAD_KIND_EXECUTABLE, name };
  const timestampMs = BigInt(startedAtMs + 1);
  return backend.WorkloadEvent.fromPartial({
    workload,
    status,
    startedAtMs: BigInt(startedAtMs),
    timestampMs,
    ...more,
  });
}

const known = (...events: readonly backend.WorkloadEvent[]) =>
  new Map(events.map((each) => [each.workload?.name ?? '', each]));

async function resumed(journal: FakeJournal): Promise<EventRecorder> {
  const recorder = new EventRecorder(journal);
  await recorder.resume(new AbortController().signal);
  return recorder;
}

it('each change of a run is told once, however often its backend tells it', async () => {
  const journal = new FakeJournal();
  const recorder = await resumed(journal);
  const told = [
    event('web', STATUS_ACTIVE, 1000),
    event('web', STATUS_ACTIVE, 1000, { proc: { pid: 9 } }),
    event('web', STATUS_ACTIVE, 1000, { stopped: true }),
    event('web', STATUS_COMPLETE, 1000, { exitCode: '0', stopped: true }),
    event('web', STATUS_COMPLETE, 1000, { exitCode: '0', stopped: true }),
    event('web', STATUS_COMPLETE, 1000, { removed: true }),
  ];
  for (const each of told) recorder.onEvent(WORKLOAD_KIND_EXECUTABLE, each);
  expect(journal.types).toEqual([
    'workload.started web',
    'workload.stopping web',
    'workload.ended web',
    'workload.removed web',
  ]);
  expect(journal.published[2]).toMatchObject({
    attributes: { exit_code: '0', stopped: 'true', started_at_ms: '1000' },
  });
});

it('a restart, a failure and the next run of a name are news', async () => {
  const journal = new FakeJournal();
  const recorder = await resumed(journal);
  recorder.onEvent(WORKLOAD_KIND_EXECUTABLE, event('web', STATUS_ACTIVE, 1000));
  recorder.onEvent(WORKLOAD_KIND_EXECUTABLE, event('web', STATUS_STANDBY, 1000, { signal: 11 }));
  recorder.onEvent(WORKLOAD_KIND_EXECUTABLE, event('web', STATUS_ACTIVE, 2000, { restarts: 1 }));
  recorder.onEvent(WORKLOAD_KIND_EXECUTABLE, event('web', STATUS_ERROR, 2000, { message: 'gave up' }));
  expect(journal.types.map((type) => type.split(' ')[0])).toEqual([
    'workload.started',
    'workload.restarting',
    'workload.started',
    'workload.failed',
  ]);
  expect(journal.published[1]?.message).toBe('was ended by signal 11');
});

it('after a start of the daemon, only what has changed meanwhile is told', async () => {
  const first = new FakeJournal();
  const before = await resumed(first);
  for (const name of ['same', 'ends', 'restarts', 'goes']) {
    before.onEvent(WORKLOAD_KIND_EXECUTABLE, event(name, STATUS_ACTIVE, 1000));
  }
  const journal = new FakeJournal(first.published);
  const recorder = await resumed(journal);
  recorder.onSnapshot(
    WORKLOAD_KIND_EXECUTABLE,
    known(
      event('same', STATUS_ACTIVE, 1000),
      event('ends', STATUS_COMPLETE, 1000, { exitCode: '1' }),
      event('restarts', STATUS_ACTIVE, 3000),
      event('of-old', STATUS_COMPLETE, 10, { exitCode: '0' }),
      event('short', STATUS_COMPLETE, 2000, { exitCode: '0' }),
    ),
  );
  expect(journal.types).toEqual([
    'workload.ended ends',
    'workload.started restarts',
    'workload.ended short',
    'workload.removed goes',
  ]);
});

it('a backend that goes out of sight, and comes back, is told of', async () => {
  const journal = new FakeJournal();
  const recorder = await resumed(journal);
  recorder.onSight(WORKLOAD_KIND_EXECUTABLE, 'its stream broke');
  recorder.onSight(WORKLOAD_KIND_EXECUTABLE, undefined);
  expect(journal.types).toEqual(['backend.degraded', 'backend.recovered']);
  expect(journal.published[0]).toMatchObject({ attributes: { kind: 'executable' } });
});
