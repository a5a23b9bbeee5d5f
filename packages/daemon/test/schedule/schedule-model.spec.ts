import { FailedPreconditionError, meta, ResourceExhaustedError, runtime, UnavailableError } from '@aurae/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameSpec } from '../../src/schedule/spec-parts.js';
import type { WorkloadSpec } from '../../src/schedule/workload-key.js';
import { EngineHarness } from './engine-harness.js';
import type { FakeRun } from './fakes/fake-driver.js';
import type { CommitFailure } from './fakes/memory-schedule-store.js';
import { after, cron, everyMs, executable, key } from './fakes/specs.js';
import { dependencies, ScheduleModel, type StartFailure } from './schedule-model.js';

// Random sequences of what people, workloads, backend, disk and clock may do, against the model. After each step all
// settles, while time stands still, and then what runs and what is stored has to be what the model says.

const names = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof names)[number];

type Ending = '0' | '1' | 'signal' | 'out-of-memory' | 'by hand';
type Step =
  | { readonly kind: 'enable' | 'same again' | 'disable' | 'destroy'; readonly name: Name; readonly spec: WorkloadSpec }
  | { readonly kind: 'end'; readonly name: Name; readonly how: Ending }
  | { readonly kind: 'foreign'; readonly name: Name }
  | { readonly kind: 'stop fails'; readonly name: Name; readonly verb: 'disable' | 'destroy' }
  | { readonly kind: 'advance' | 'jump'; readonly ms: number }
  | { readonly kind: 'cut'; readonly lost: readonly (readonly [Name, Ending])[] }
  | { readonly kind: 'start fails'; readonly name: Name; readonly failure: StartFailure }
  | { readonly kind: 'commit fails'; readonly fates: readonly ('ok' | CommitFailure)[] }
  | { readonly kind: 'restart'; readonly isKill: boolean; readonly downMs: number }
  | {
      readonly kind: 'killed within';
      readonly name: Name;
      readonly spec: WorkloadSpec;
      readonly verb: Verb;
      readonly turns: number;
    }
  | { readonly kind: 'apply'; readonly specs: readonly WorkloadSpec[]; readonly prune: boolean };
type Verb = 'enable' | 'disable' | 'destroy';

const anyName = fc.constantFrom(...names);
const { DEPENDENCY_CONDITION_READY, DEPENDENCY_CONDITION_RUNNING, DEPENDENCY_CONDITION_COMPLETED } =
  runtime.DependencyCondition;

const modes = fc.constantFrom(
  runtime.RestartMode.RESTART_MODE_NEVER,
  runtime.RestartMode.RESTART_MODE_ON_FAILURE,
  runtime.RestartMode.RESTART_MODE_ALWAYS,
);
const dependency = fc
  .tuple(
    anyName,
    fc.constantFrom(DEPENDENCY_CONDITION_READY, DEPENDENCY_CONDITION_RUNNING, DEPENDENCY_CONDITION_COMPLETED),
  )
  .map(([name, condition]) => after(name, condition));
/** No two come due at one moment: which of them is first would be open. */
const beatMs = 3_600_000;
const timers = fc.constantFrom(
  everyMs(beatMs),
  everyMs(beatMs, runtime.MissedRuns.MISSED_RUNS_RUN_ONCE),
  cron('*/30 * * * *'),
  cron('0 * * * *', runtime.MissedRuns.MISSED_RUNS_RUN_ONCE),
);

function specOf(name: fc.Arbitrary<Name>): fc.Arbitrary<WorkloadSpec> {
  return fc
    .record({
      name,
      command: fc.constantFrom('one', 'other'),
      mode: modes,
      maxRestarts: fc.constantFrom(0, 2),
      after: fc.uniqueArray(dependency, { maxLength: 2, selector: ({ workload }) => workload?.name }),
      timer: fc.option(timers, { nil: undefined, freq: 4 }),
    })
    .map(({ name: chosen, command, mode, maxRestarts, after: on, timer }) =>
      executable(chosen, {
        command,
        restart: {
          mode:
            timer && mode === runtime.RestartMode.RESTART_MODE_ALWAYS
              ? runtime.RestartMode.RESTART_MODE_ON_FAILURE
              : mode,
          maxRestarts,
          firstPauseMs: 1013,
          longestPauseMs: 5021,
        },
        criteria: { after: on, ...(timer ? { timer: beatOf(chosen, timer) } : {}) },
      }),
    );
}

const spec = specOf(anyName);
const ending = fc.constantFrom<Ending>('0', '1', 'signal', 'out-of-memory', 'by hand');
const fate = fc.constantFrom<'ok' | CommitFailure>('ok', 'before-writing', 'after-writing');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign' as const), name: anyName }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('stop fails' as const),
      name: anyName,
      verb: fc.constantFrom('disable' as const, 'destroy' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('enable' as const), name: anyName, spec }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('same again' as const, 'disable' as const, 'destroy' as const),
      name: anyName,
      spec,
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('end' as const), name: anyName, how: ending }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(517, 1501, 7919, 40_009, 3_700_033),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('jump' as const),
      ms: fc.constantFrom(-86_400_017, -3_600_011, 3_600_007, 86_400_019),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      lost: fc.uniqueArray(fc.tuple(anyName, ending), { maxLength: 2, selector: ([name]) => name }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('start fails' as const),
      name: anyName,
      failure: fc.constantFrom<StartFailure>('refused', 'shortage'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('commit fails' as const),
      fates: fc.array(fate, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      isKill: fc.boolean(),
      downMs: fc.constantFrom(0, 61_003, 7_300_021),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('killed within' as const),
      name: anyName,
      spec,
      verb: fc.constantFrom<Verb>('enable', 'disable', 'destroy'),
      turns: fc.nat(60),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      specs: fc.uniqueArray(spec, { maxLength: 3, selector: nameOf }),
      prune: fc.boolean(),
    }),
  },
);

function beatOf(name: Name, timer: runtime.Timer): runtime.Timer {
  if (timer.when?.$case !== 'intervalMs') return timer;
  return everyMs(beatMs + (names.indexOf(name) + 1) * 7001, timer.missed);
}

function nameOf(one: WorkloadSpec): Name {
  return one.value.meta?.name as Name;
}

const failures = {
  refused: () => new FailedPreconditionError('the program does not exist'),
  shortage: () => new ResourceExhaustedError('no more processes'),
};

class Comparison {
  private readonly model: ScheduleModel;
  /** Starts whose conditions did not hold at that moment. */
  private readonly untimely: string[] = [];

  private constructor(private readonly node: EngineHarness) {
    this.model = new ScheduleModel(node.clock);
    node.driver.onStart = (run) => this.watchOrder(run);
  }

  static async begin(): Promise<Comparison> {
    return new Comparison(await EngineHarness.start());
  }

  end(): void {
    this.node.kill();
    this.model.dispose();
  }

  async take(one: Step): Promise<void> {
    const completedBefore = this.completions();
    await this.act(one);
    await this.node.settle();
    this.model.settle();
    this.followChoices(completedBefore);
    await this.compare();
  }

  private async act(one: Step): Promise<void> {
    const { node, model } = this;
    switch (one.kind) {
      case 'enable':
        return this.enable(one.spec);
      case 'same again': {
        const present = model.names.get(one.name);
        return present ? this.enable(present.entry.spec) : undefined;
      }
      case 'disable':
        if (!model.names.has(one.name))
          return void (await expect(node.disable(one.name)).rejects.toThrow('not scheduled'));
        await node.disable(one.name);
        return model.disable(one.name);
      case 'destroy':
        await node.destroy(one.name);
        return model.destroy(one.name);
      case 'end':
        return this.endRun(one.name, one.how);
      case 'foreign':
        if (node.driver.running.has(one.name)) return;
        node.driver.startForeign(one.name);
        model.foreign.add(one.name);
        return;
      case 'stop fails':
        return this.failStop(one.name, one.verb);
      case 'advance':
        return this.advance(one.ms);
      case 'jump':
        return node.clock.jumpWall(one.ms);
      case 'cut':
        return this.cut(one.lost);
      case 'start fails':
        return this.failStart(one.name, one.failure);
      case 'commit fails':
        return this.failCommits(one.fates);
      case 'restart':
        return this.restart(one.isKill, one.downMs);
      case 'killed within':
        return this.killWithin(one);
      case 'apply':
        return this.apply(one.specs, one.prune);
    }
  }

  private async enable(wanted: WorkloadSpec): Promise<void> {
    const { node, model } = this;
    const name = nameOf(wanted);
    const present = model.names.get(name);
    const isSame = present?.entry.enabled && isSameSpec(present.entry.spec, wanted);
    const fault = isSame ? undefined : model.faultOf(name, wanted);
    const result = await outcome(node.enable(wanted));
    if (!isSame && !present?.runs && model.foreign.has(name)) expect(result).not.toBe('ok');
    else if (fault === 'unknown') expect(result).toMatch(/FAILED_PRECONDITION|INVALID_SPEC/);
    else if (fault === 'cycle') expect(result).toBe('INVALID_SPEC');
    else expect(result === 'ok').toBe(isSame ? model.enableAgain(name) : model.enable(name, wanted));
  }

  private endRun(name: Name, how: Ending): void {
    if (!this.node.driver.running.has(name)) return;
    if (how === 'by hand') this.node.driver.stopByHand(name);
    else if (how === 'signal') this.node.driver.end(name, { signal: 9 });
    else if (how === 'out-of-memory') this.node.driver.end(name, { signal: 9, outOfMemory: true });
    else this.node.driver.end(name, { exitCode: how });
    if (this.model.foreign.delete(name)) return;
    this.model.ended(name, how === '0' ? 0 : 1, how === 'by hand');
  }

  /** The decision stands, and what cannot be stopped at first is stopped a moment later. */
  private async failStop(name: Name, verb: 'disable' | 'destroy'): Promise<void> {
    if (!this.model.names.get(name)?.runs) return;
    this.node.driver.failStop(name, () => new UnavailableError('the shim does not answer'));
    expect(await outcome(this.node[verb](name))).toBe('UNAVAILABLE');
    this.model[verb](name);
    await this.advance(100);
  }

  /** Step by step, so that the model's starts come when those of the engine do. */
  private async advance(milliseconds: number): Promise<void> {
    const { clock } = this.node;
    const untilMs = clock.monotonic() + milliseconds;
    for (;;) {
      await this.node.settle();
      this.model.settle();
      const nextInMs = clock.nextInMs;
      if (nextInMs === undefined || clock.monotonic() + nextInMs > untilMs) break;
      await this.node.advance(nextInMs);
    }
    await this.node.advance(untilMs - clock.monotonic());
  }

  private async cut(lost: readonly (readonly [Name, Ending])[]): Promise<void> {
    this.node.driver.cutStreams();
    for (const [name, how] of lost) this.endRun(name, how);
    await this.node.settle();
    // Nothing starts while nobody knows what runs; pauses that pass meanwhile end in a start then.
    await this.node.advance(100);
    await this.node.settle();
  }

  private failStart(name: Name, failure: StartFailure): void {
    this.node.driver.failStart(name, failures[failure]);
    this.model.startFailures.set(name, failure);
  }

  /** Each verb in turn meets the full disk; what it leaves is what was before. */
  private async failCommits(fates: readonly ('ok' | CommitFailure)[]): Promise<void> {
    const { node, model } = this;
    const [first] = [...model.names].filter(([, { entry }]) => entry.enabled);
    if (!first || fates[0] === 'ok') return;
    node.store.nextCommits.push(...fates);
    const [name] = first;
    const answers = [await outcome(node.disable(name))];
    node.store.nextCommits.splice(0, Number.POSITIVE_INFINITY, 'before-writing');
    answers.push(await outcome(node.destroy(name)));
    expect(answers).toEqual(['RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED']);
    node.store.nextCommits.length = 0;
  }

  private async restart(isKill: boolean, downMs: number): Promise<void> {
    const { node } = this;
    if (isKill) node.kill();
    else await node.shutDown();
    await this.bootAfter(downMs);
  }

  private async bootAfter(downMs: number): Promise<void> {
    const { node, model } = this;
    for (const one of model.names.values()) one.alarm?.dispose();
    await node.settle();
    model.dispose();
    await node.advance(downMs);
    node.store.reopen();
    const lastDue = new Map(names.map((name) => [name, node.store.progressOf(key(name))?.lastDueMs]));
    model.restart(
      node.store.entries,
      ({ key: { name }, revision }) => {
        const run = node.driver.running.get(name);
        return run?.mark?.revision === revision ? run.startedAtMs : undefined;
      },
      (name) => lastDue.get(name as Name),
    );
    await node.boot();
    await this.advance(0);
  }

  private async killWithin(one: Step & { readonly kind: 'killed within' }): Promise<void> {
    const { node, model } = this;
    const before = this.stored();
    const name = one.verb === 'enable' ? nameOf(one.spec) : one.name;
    const after = new Map(before);
    if (one.verb === 'destroy') after.delete(name);
    else if (one.verb === 'enable') after.set(name, { spec: one.spec, enabled: true });
    else {
      const present = before.get(name);
      if (present) after.set(name, { ...present, enabled: false });
    }
    let answer: string | undefined;
    const call = {
      enable: () => node.enable(one.spec),
      disable: () => node.disable(name),
      destroy: () => node.destroy(name),
    };
    void outcome(call[one.verb]()).then((result) => (answer = result));
    for (let turn = 0; turn < one.turns; turn++) await Promise.resolve();
    node.kill();
    // The start that was to fail may have been the one that was killed.
    node.driver.forgetFailures();
    model.startFailures.clear();
    await this.bootAfter(0);
    const now = this.stored();
    if (answer === 'ok') expectSameSchedule(now, after);
    else if (!isSameSchedule(now, before)) expectSameSchedule(now, after);
  }

  private async apply(specs: readonly WorkloadSpec[], prune: boolean): Promise<void> {
    const { node, model } = this;
    const fault = this.faultOfAll(specs, prune);
    const result = await outcome(node.apply(specs, { prune }));
    if (fault) {
      expect(result).toMatch(/FAILED_PRECONDITION|INVALID_SPEC/);
      return;
    }
    expect(result).toBe('ok');
    for (const wanted of specs) {
      const present = model.names.get(nameOf(wanted));
      if (present?.entry.enabled && isSameSpec(present.entry.spec, wanted)) continue;
      model.put(nameOf(wanted), { spec: wanted, enabled: true, decidedAtMs: node.clock.now() });
    }
    if (!prune) return;
    const kept = specs.map(nameOf);
    for (const name of [...model.names.keys()]) if (!kept.includes(name as Name)) model.destroy(name);
  }

  private faultOfAll(specs: readonly WorkloadSpec[], prune: boolean): boolean {
    const wouldBe = new Map<string, WorkloadSpec>();
    if (!prune) for (const [name, { entry }] of this.model.names) wouldBe.set(name, entry.spec);
    for (const wanted of specs) wouldBe.set(nameOf(wanted), wanted);
    const reach = (from: string, seen: Set<string>): boolean =>
      dependencies(wouldBe.get(from)).some((next) => seen.has(next) || reach(next, new Set([...seen, next])));
    return specs.some(
      (wanted) =>
        dependencies(wanted).some((name) => !wouldBe.has(name)) || reach(nameOf(wanted), new Set([nameOf(wanted)])),
    );
  }

  private watchOrder({ name, mark }: FakeRun): void {
    if (!mark) return;
    const entry = this.node.store.entries.find((one) => one.key.name === name);
    if (!entry || mark?.revision !== entry.revision) return void this.untimely.push(`${name}: not of what is stored`);
    for (const { workload, condition } of entry.spec.value.criteria?.after ?? []) {
      const on = workload?.name ?? '';
      const isMet =
        condition === DEPENDENCY_CONDITION_COMPLETED
          ? this.node.driver.ended.get(on)?.exitCode === '0'
          : this.node.driver.running.has(on);
      if (!isMet) this.untimely.push(`${name}: before ${on}`);
    }
  }

  private completions(): Map<string, boolean> {
    return new Map([...this.model.names].map(([name, { completed }]) => [name, completed]));
  }

  /** Where a condition of completion held for a part of the step only, either is right. */
  private followChoices(before: ReadonlyMap<string, boolean>): void {
    const { model, node } = this;
    for (const [name, one] of model.names) {
      const runs = node.driver.running.get(name)?.mark !== undefined;
      const on = dependencies(one.entry.spec);
      const isOpen = on.some((other) => before.get(other) !== model.names.get(other)?.completed);
      if (runs === one.runs || !isOpen) continue;
      one.runs = runs;
      one.plan = 'due';
      if (runs) one.begunAt = node.clock.monotonic();
    }
  }

  private async compare(): Promise<void> {
    const { node, model } = this;
    const ownNames = node.driver.runningNames.filter((name) => node.driver.running.get(name)?.mark);
    expect(ownNames).toEqual(model.running);
    expect(this.untimely).toEqual([]);
    const expected = [...model.entries].map(
      ([name, { spec: one, enabled }]) => [name, { spec: one, enabled }] as const,
    );
    expectSameSchedule(this.stored(), new Map(expected));
    expect(node.store.onTrial).toEqual([]);
    expect(node.store.forgottenHistory).toEqual([]);
    for (const { name, mark } of node.driver.running.values()) {
      if (mark) expect(mark.revision).toBe(node.store.entries.find((one) => one.key.name === name)?.revision);
    }
    for (const [name, { runs, plan, entry }] of model.names) {
      const { status } = node.show(name);
      const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_PASSIVE, STATUS_STANDBY } = meta.Status;
      const atRest = { done: STATUS_COMPLETE, held: STATUS_COMPLETE, failed: STATUS_ERROR } as const;
      const waiting = plan === 'done' || plan === 'held' || plan === 'failed' ? atRest[plan] : STATUS_STANDBY;
      expect([name, meta.Status[status]]).toEqual([
        name,
        meta.Status[!entry.enabled ? STATUS_PASSIVE : runs ? STATUS_ACTIVE : waiting],
      ]);
    }
  }

  private stored(): Map<string, Kept> {
    return new Map(
      this.node.store.entries.map(({ key: { name }, spec: one, enabled }) => [name, { spec: one, enabled }]),
    );
  }
}

interface Kept {
  readonly spec: WorkloadSpec;
  readonly enabled: boolean;
}

function textOf(schedule: ReadonlyMap<string, Kept>): string[] {
  return [...schedule].map(([name, { spec: one, enabled }]) => `${name} ${enabled} ${shown(one)}`).sort();
}

function isSameSchedule(one: ReadonlyMap<string, Kept>, other: ReadonlyMap<string, Kept>): boolean {
  return JSON.stringify(textOf(one)) === JSON.stringify(textOf(other));
}

function expectSameSchedule(one: ReadonlyMap<string, Kept>, other: ReadonlyMap<string, Kept>): void {
  expect(textOf(one)).toEqual(textOf(other));
}

function shown(one: WorkloadSpec): string {
  return JSON.stringify(runtime.Executable.toJSON(runtime.Executable.fromPartial(one.value as runtime.Executable)));
}

async function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: { readonly reason?: string }) => error.reason ?? String(error),
  );
}

const runs = Number(process.env['AURAE_MODEL_RUNS'] ?? 300);

test('whatever happens, what runs and what is stored is what was decided', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      const comparison = await Comparison.begin();
      try {
        for (const one of steps) await comparison.take(one);
      } finally {
        comparison.end();
      }
    }),
    { numRuns: runs },
  );
});
