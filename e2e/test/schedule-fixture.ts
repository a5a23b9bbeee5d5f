import { readFileSync } from 'node:fs';
import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import type { AuraeClient, CallOptions } from '@aurae/client';
import { meta, type runtime, type schedule } from '@aurae/proto';
import { expect } from 'vitest';
import { eventually } from './auraed-fixture.js';
import { ExecutablesFixture, markedProcesses } from './executables-fixture.js';

const nameVariable = 'AURAE_TEST_NAME';

export type ExecutableSpec = runtime.DeepPartial<runtime.Executable>;

/** What is known of one scheduled workload, and what was asked for. */
export interface Shown {
  readonly spec: runtime.Executable;
  readonly state: schedule.ScheduledWorkload;
}

/** A process of a scheduled workload. */
export interface Running {
  readonly pid: number;
  readonly name: string;
  readonly argv: readonly string[];
}

/** A daemon with a schedule of executables, each of whose processes is known by the name of its workload. */
export class ScheduleFixture extends ExecutablesFixture {
  /** An executable whose processes are found by `running`. */
  spec(name: string, argv: readonly string[], more: ExecutableSpec = {}): ExecutableSpec {
    return { meta: { name }, argv: [...argv], ...more, env: { ...this.env, [nameVariable]: name, ...more.env } };
  }

  sleeper(name: string, more: ExecutableSpec = {}): ExecutableSpec {
    return this.spec(name, ['/bin/sleep', '100000'], more);
  }

  /** Every process that lives of any workload, whoever knows of it. */
  running(): Running[] {
    return markedProcesses(this.mark).flatMap((pid) => {
      try {
        const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const name = variables.find((text) => text.startsWith(`${nameVariable}=`))?.slice(nameVariable.length + 1);
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return name === undefined ? [] : [{ pid, name, argv }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  }

  runningOf(name: string): Running[] {
    return this.running().filter((one) => one.name === name);
  }

  /** A shim ends a moment after its workload. Throws with what is there still after a while. */
  async leavesNothing(): Promise<void> {
    const limit = performance.now() + 5_000;
    while (this.leftovers().length > 0 && performance.now() < limit) await turnOfEventLoop();
    expect(this.leftovers()).toEqual([]);
  }
}

/** The whole schedule, what is enabled first. */
export async function shownSchedule(client: AuraeClient): Promise<Map<string, Shown>> {
  const [enabled, disabled] = [await client.schedule.showEnabled(), await client.schedule.showDisabled()];
  return new Map([...shownIn(enabled), ...shownIn(disabled)]);
}

export async function shownEnabled(client: AuraeClient): Promise<Map<string, Shown>> {
  return new Map(shownIn(await client.schedule.showEnabled()));
}

export async function stateOf(client: AuraeClient, name: string): Promise<schedule.ScheduledWorkload | undefined> {
  return (await shownSchedule(client)).get(name)?.state;
}

/** Waits until the workload is as wanted, and answers with how it is then. */
export async function untilState(
  client: AuraeClient,
  name: string,
  isWanted: (state: schedule.ScheduledWorkload) => boolean,
): Promise<schedule.ScheduledWorkload> {
  let found: schedule.ScheduledWorkload | undefined;
  await eventually(async () => {
    found = await stateOf(client, name);
    return found !== undefined && isWanted(found);
  });
  return found as schedule.ScheduledWorkload;
}

export function untilStatus(client: AuraeClient, name: string, status: meta.Status) {
  return untilState(client, name, (state) => state.status === status);
}

/** The types of what has happened to it, the oldest first. */
export async function historyOf(client: AuraeClient, name: string): Promise<schedule.HistoryEntry[]> {
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
  return (await client.schedule.showHistory({ workload })).entries;
}

/** Sends the records in some messages, and collects the answers. */
export async function applyAll(
  client: AuraeClient,
  records: readonly runtime.DeepPartial<schedule.ScheduleRecord>[],
  manner: { readonly dryRun?: boolean; readonly prune?: boolean } = {},
  options: CallOptions = {},
): Promise<schedule.ApplyResponse[]> {
  const perMessage = 50;
  async function* messages(): AsyncGenerator<runtime.DeepPartial<schedule.ApplyRequest>> {
    for (let from = 0; from === 0 || from < records.length; from += perMessage) {
      yield { ...manner, records: records.slice(from, from + perMessage) as schedule.ScheduleRecord[] };
    }
  }
  const answers: schedule.ApplyResponse[] = [];
  for await (const answer of client.schedule.apply(messages(), options)) answers.push(answer);
  return answers;
}

export function executableRecord(
  value: ExecutableSpec,
  disabled = false,
): runtime.DeepPartial<schedule.ScheduleRecord> {
  return { workload: { $case: 'executable', value }, disabled };
}

function shownIn({ Executables, workloads }: schedule.ShowEnabledResponse): [string, Shown][] {
  return workloads.flatMap((state, index) => {
    const spec = Executables[index];
    return spec ? [[state.workload?.name ?? '', { spec, state }] as [string, Shown]] : [];
  });
}
