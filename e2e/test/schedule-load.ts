import type { AuraeClient, CallOptions } from '@aurae/client';
import { FailedPreconditionError, NotFoundError, type schedule } from '@aurae/proto';
import { isAnswered } from './is-answered.js';
import { type Operation, PossibleStates } from './possible-states.js';
import type { RandomSource } from './random-source.js';
import { applyAll, type ExecutableSpec, executableRecord, type ScheduleFixture } from './schedule-fixture.js';

/** What is decided about one name: nothing, or which version of it, and whether it is to run. */
export const absent = 'absent';
const versions = 6;
/** Of these a stop has to come to its last step. */
const stubbornVersion = 5;
const ok = 'ok';

/** A step that somebody takes: what it does to the daemon, and what to the model. */
interface Step extends Operation {
  act(client: AuraeClient, options: CallOptions): Promise<unknown>;
}

/** Names that are changed together; all that is decided about them is one state. */
interface Group {
  readonly names: readonly string[];
  readonly possible: PossibleStates;
}

/** Takes decisions about a schedule through one daemon after the other, and knows what they may have led to. */
export class ScheduleLoad {
  private readonly groups: readonly Group[];
  /** The kinds of steps that were answered. */
  readonly answered = new Set<string>();

  constructor(
    private readonly fixture: ScheduleFixture,
    private readonly random: RandomSource,
  ) {
    const names = [['anna'], ['bert'], ['carl'], ['dora'], ['one', 'two', 'three']];
    this.groups = names.map((group) => ({
      names: group,
      possible: new PossibleStates(group.map(() => absent).join()),
    }));
  }

  /** Several at once. Resolves when each has found the daemon gone. */
  async run(client: AuraeClient, onAnswer: () => void): Promise<void> {
    const lane = async () => {
      while (await isAnswered(this.takeStep(client))) onAnswer();
    };
    await Promise.all([0, 1, 2, 3].map(lane));
  }

  /** Throws unless the schedule is one of those that the answers allow. From now on it is this one. */
  settle(found: ReadonlyMap<string, string>): void {
    for (const { names, possible } of this.groups) {
      possible.settle(names.map((name) => found.get(name) ?? absent).join());
    }
  }

  private async takeStep(client: AuraeClient): Promise<void> {
    const group = this.random.pick(this.groups) as Group;
    const step = group.names.length > 1 ? this.groupStep(group.names) : this.nameStep(group.names[0] ?? '');
    group.possible.begin(step);
    const patience = this.random.below(10) === 0 ? AbortSignal.timeout(this.random.below(20)) : undefined;
    const answer = await answerOf(step.act(client, patience ? { signal: patience } : {}), patience);
    // Whoever does not wait for the answer may have decided or not, or may do so later.
    if (answer === undefined) return;
    group.possible.end(step, answer);
    this.answered.add(step.text.split(' ')[0] ?? '');
  }

  private nameStep(name: string): Step {
    const version = this.random.below(versions);
    switch (this.random.below(8)) {
      case 0:
      case 1:
        return {
          text: `disable ${name}`,
          act: (client, options) => client.scheduleExecutable.disable({ meta: { name } }, options),
          apply: (state) =>
            state === absent
              ? { state, answer: 'NOT_FOUND' }
              : { state: state.replace('enabled', 'disabled'), answer: ok },
        };
      case 2:
        return {
          text: `destroy ${name}`,
          act: (client, options) => client.scheduleExecutable.destroy({ meta: { name } }, options),
          apply: () => ({ state: absent, answer: ok }),
        };
      case 3:
        return {
          text: `broken ${name}`,
          act: (client, options) =>
            client.scheduleExecutable.enable(this.fixture.spec(name, ['/no/such/program']), options),
          apply: (state) => ({ state, answer: 'FAILED_PRECONDITION' }),
        };
      default:
        return {
          text: `enable ${name} ${version}`,
          act: (client, options) => client.scheduleExecutable.enable(this.specOf(name, version), options),
          apply: () => ({ state: `enabled ${version}`, answer: ok }),
        };
    }
  }

  private groupStep(names: readonly string[]): Step {
    const wanted = names.map((name) => ({
      name,
      disabled: this.random.below(3) === 0,
      version: this.random.below(versions),
    }));
    const records = wanted.map(({ name, version, disabled }) => executableRecord(this.specOf(name, version), disabled));
    const state = wanted.map(({ version, disabled }) => `${disabled ? 'disabled' : 'enabled'} ${version}`).join();
    return {
      text: `apply ${names.join()}: ${state}`,
      act: (client, options) => applyAll(client, records, {}, options),
      apply: () => ({ state, answer: ok }),
    };
  }

  private specOf(name: string, version: number): ExecutableSpec {
    if (version !== stubbornVersion) return this.fixture.spec(name, ['/bin/sleep', String(100_000 + version)]);
    const argv = ['/usr/bin/perl', '-e', '$SIG{TERM} = "IGNORE"; sleep 100000 while 1', String(100_000 + version)];
    return this.fixture.spec(name, argv, { stopGracePeriodMs: 20 });
  }
}

/** What is decided, and what a process runs, as the model says it. */
export function decided({ enabled }: schedule.ScheduledWorkload, argv: readonly string[]): string {
  return `${enabled ? 'enabled' : 'disabled'} ${versionOf(argv)}`;
}

export function versionOf(argv: readonly string[]): number {
  return Number(argv.at(-1)) - 100_000;
}

/** Undefined when the caller has not waited for it. */
async function answerOf(call: Promise<unknown>, patience: AbortSignal | undefined): Promise<string | undefined> {
  try {
    await call;
    return ok;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof FailedPreconditionError) return error.reason;
    if (patience?.aborted) return undefined;
    throw error;
  }
}
