import { type CallContext, InvalidSpecError, schedule, unlessAborted } from '@aurae/proto';
import { workloadText } from '../logging/workload-text.js';
import type { Intake } from './apply-intake.js';
import { checkSpec } from './check-spec.js';
import { checkOrder, type Graph } from './dependency-graph.js';
import { by, type ScheduleEngine } from './schedule-engine.js';
import { askedWorkloads, type AskedWorkload, type PlannedChange, planChanges } from './schedule-plan.js';
import { Slots } from './slots.js';
import type { ScheduleEntry, StoreChange } from './store/schedule-store.js';
import { unhurried } from './unhurried.js';
import { keyText } from './workload-key.js';

const { ScheduleChange } = schedule;

const checksAtOnce = 16;

interface Asked {
  readonly workloads: ReadonlyMap<string, AskedWorkload>;
  readonly dryRun: boolean;
  readonly prune: boolean;
}

/**
 * Brings the schedule to what is given, in one transaction. Tells each difference, then what became of each.
 *
 * @throws InvalidSpecError and FailedPreconditionError as Enable, before anything has changed
 */
export async function* applySchedule(
  engine: ScheduleEngine,
  requests: AsyncIterable<schedule.ApplyRequest>,
  context: CallContext,
): AsyncGenerator<schedule.ApplyResponse> {
  using intake = engine.intakes.begin();
  const asked = await collect(requests, intake, context);
  const planned = await plan(engine, asked);
  await check(engine, asked, planned, context);
  for await (const change of unhurried(planned)) yield response(engine, change, false);
  if (asked.dryRun) return;
  const carriedOut = await decide(engine, asked, planned, context);
  for (const change of carriedOut) {
    await unlessAborted(engine.supervisor.turns.idle([keyText(change.key)]), context.signal);
    yield response(engine, change, true);
  }
}

async function collect(
  requests: AsyncIterable<schedule.ApplyRequest>,
  intake: Intake,
  { signal }: CallContext,
): Promise<Asked> {
  const records: schedule.ScheduleRecord[] = [];
  let first: schedule.ApplyRequest | undefined;
  const messages = requests[Symbol.asyncIterator]();
  for (
    let next = await intake.within(messages.next(), signal);
    !next.done;
    next = await intake.within(messages.next(), signal)
  ) {
    first ??= next.value;
    intake.take(next.value);
    for (const record of next.value.records) records.push(record);
  }
  return {
    workloads: askedWorkloads(records),
    dryRun: first?.dryRun ?? false,
    prune: first?.prune ?? false,
  };
}

function plan(engine: ScheduleEngine, { workloads, prune }: Asked): Promise<PlannedChange[]> {
  return planChanges(workloads, engine.supervisor.all(), prune);
}

async function check(
  engine: ScheduleEngine,
  asked: Asked,
  planned: readonly PlannedChange[],
  context: CallContext,
): Promise<void> {
  for await (const { spec } of unhurried([...asked.workloads.values()])) checkSpec(spec);
  checkOrder([...asked.workloads.values()], graphAfter(engine, asked));
  const slots = new Slots(checksAtOnce);
  const changing = planned.filter(({ change }) => change !== ScheduleChange.SCHEDULE_CHANGE_NONE);
  const checks = changing.map(({ asked: one }) => one && slots.run(() => checkOne(engine, one, context)));
  await Promise.all(checks);
}

/** What is disabled need not be able to run, here and now. */
async function checkOne(engine: ScheduleEngine, { spec, enabled }: AskedWorkload, context: CallContext): Promise<void> {
  try {
    await engine.checkCanRun(spec, context);
  } catch (error) {
    if (enabled || error instanceof InvalidSpecError) throw error;
  }
}

/** The schedule as it would be. */
function graphAfter(engine: ScheduleEngine, { workloads, prune }: Asked): Graph {
  return (key) => workloads.get(keyText(key)) ?? (prune ? undefined : engine.graph(key));
}

/** Keeps the whole decision at once, and has the workloads follow it. */
async function decide(
  engine: ScheduleEngine,
  asked: Asked,
  planned: readonly PlannedChange[],
  context: CallContext,
): Promise<PlannedChange[]> {
  const keys = planned.map(({ key }) => keyText(key));
  const deciding = engine.alone(
    keys,
    async () => {
      // Others may have decided in the meantime.
      const held = new Set(keys);
      const changes = (await plan(engine, asked)).filter(({ key }) => held.has(keyText(key)));
      const entries = new Map(changes.map((change) => [change, entryFor(engine, change)]));
      return await engine.decide(
        () => {
          checkOrder([...asked.workloads.values()], graphAfter(engine, asked));
          return changes.flatMap((change) => storeChange(change, entries.get(change)));
        },
        async () => {
          await engine.supervisor.changeTogether(async () => {
            for await (const change of unhurried(changes)) follow(engine, change, entries.get(change), context);
          });
          return changes;
        },
      );
    },
    context.signal,
  );
  return await unlessAborted(deciding, context.signal);
}

function entryFor(engine: ScheduleEngine, { key, change, asked }: PlannedChange): ScheduleEntry | undefined {
  if (!asked || change === ScheduleChange.SCHEDULE_CHANGE_NONE) return undefined;
  const present = engine.supervisor.scheduled(key)?.entry;
  // Whatever is to run anew gets a number of its own.
  const isOther = change !== ScheduleChange.SCHEDULE_CHANGE_DISABLE;
  const revision = isOther || !present ? engine.nextRevision() : present.revision;
  return { key, spec: asked.spec, enabled: asked.enabled, revision, decidedAtMs: engine.supervisor.clock.now() };
}

function storeChange({ key, change }: PlannedChange, entry: ScheduleEntry | undefined): StoreChange[] {
  if (entry) return [{ kind: 'put', entry }];
  return change === ScheduleChange.SCHEDULE_CHANGE_DESTROY ? [{ kind: 'delete', key }] : [];
}

function follow(
  engine: ScheduleEngine,
  { key, change }: PlannedChange,
  entry: ScheduleEntry | undefined,
  context: CallContext,
): void {
  const { supervisor } = engine;
  const present = supervisor.scheduled(key);
  if (entry) {
    const why = `${entry.enabled ? 'enabled' : 'disabled'} with others${by(context)}`;
    engine.note(key, entry.enabled ? 'enabled' : 'disabled', why);
    engine.follow(entry, why).kick();
  } else if (present && change === ScheduleChange.SCHEDULE_CHANGE_DESTROY) {
    present.forget();
    const ending = supervisor.turns.run(present.text, () => engine.endForgotten(present));
    ending.catch((error: unknown) =>
      supervisor.log.warn('Cannot end what was destroyed', { workload: workloadText(key), error }),
    );
  }
}

function response(engine: ScheduleEngine, { key, change, fields }: PlannedChange, done: boolean) {
  const workload = engine.supervisor.scheduled(key);
  return schedule.ApplyResponse.fromPartial({
    workload: key,
    change,
    fields: [...fields],
    done,
    ...(workload ? { state: engine.describe(workload) } : {}),
  });
}
