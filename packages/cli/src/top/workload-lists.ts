import type { AuraeClient } from '@aurae/client';
import { isAuraeError, meta, type runtime } from '@aurae/proto';
import { stateOf } from '../commands/executable-state.js';
import { isOutOfReach } from '../following/is-out-of-reach.js';
import { type ScheduledItem, scheduledItems } from '../schedule/scheduled-item.js';
import type { WorkloadKey } from '../schedule/workload-key.js';
import { type Wellness, workloadState } from '../schedule/workload-state.js';
import type { WorkloadKindName } from '../values/workload-kind.js';
import { type ListedWorkload, textOfKey } from './top-workload.js';

type OtherStatus = runtime.ContainerStatus | runtime.InstanceStatus;

/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;

/** What auraed knew of its workloads when it was asked. */
export class WorkloadLists {
  private constructor(
    private readonly executables: readonly runtime.ExecutableStatus[],
    private readonly others: ReadonlyMap<WorkloadKindName, readonly OtherStatus[]>,
    private readonly scheduled: readonly ScheduledItem[],
  ) {}

  /** A list that this node has not, or that the caller may not see, is empty. */
  static async ask(client: AuraeClient, signal: AbortSignal): Promise<WorkloadLists> {
    const call = { signal, timeoutMs };
    const { runtime: api } = client;
    const [executables, containers, instances, scheduled] = await Promise.all([
      orNone(api.executableList({ all: true }, call).then((answer) => answer.executables)),
      orNone(api.containerList({ all: true }, call).then((answer) => answer.containers)),
      orNone(api.instanceList({ all: true }, call).then((answer) => answer.instances)),
      orNone(scheduledItems(client, { enabled: true, disabled: true }, signal).then(({ items }) => items)),
    ]);
    const others = new Map([
      ['container', containers],
      ['instance', instances],
    ] as const);
    return new WorkloadLists(executables, others, scheduled);
  }

  /** Each workload once; what is scheduled, as the schedule has it. */
  at(nowMs: number): ReadonlyMap<string, ListedWorkload> {
    const listed = new Map<string, ListedWorkload>();
    const add = (workload: ListedWorkload) => listed.set(textOfKey(workload.key), workload);
    for (const status of this.executables) add(executableOf(status, nowMs));
    for (const [kind, statuses] of this.others) for (const status of statuses) add(otherOf(kind, status));
    for (const item of this.scheduled) add(scheduledOf(item, nowMs));
    return listed;
  }
}

async function orNone<Item>(list: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await list;
  } catch (error) {
    if (!isAuraeError(error) || isOutOfReach(error)) throw error;
    return [];
  }
}

const wellnessOf: Readonly<Record<meta.Status, Wellness>> = {
  [meta.Status.STATUS_ACTIVE]: 'well',
  [meta.Status.STATUS_STANDBY]: 'waiting',
  [meta.Status.STATUS_PASSIVE]: 'disabled',
  [meta.Status.STATUS_COMPLETE]: 'done',
  [meta.Status.STATUS_ERROR]: 'failed',
  [meta.Status.STATUS_UNKNOWN]: 'failed',
  [meta.Status.UNRECOGNIZED]: 'failed',
};

/** Whether it ended by itself, and as one would not want it to. */
function hasEndedBadly({ status, stopped, exitCode, signal, outOfMemory }: runtime.ExecutableStatus): boolean {
  if (status !== meta.Status.STATUS_COMPLETE || stopped) return false;
  return outOfMemory || signal > 0 || (exitCode !== '' && exitCode !== '0');
}

function executableOf(status: runtime.ExecutableStatus, nowMs: number): ListedWorkload {
  const isRunning = status.status === meta.Status.STATUS_ACTIVE;
  return {
    key: { kind: 'executable', name: status.meta?.name ?? '' },
    status: status.status,
    wellness: hasEndedBadly(status) ? 'failed' : (wellnessOf[status.status] ?? 'failed'),
    state: isRunning ? 'running' : stateOf(status, nowMs).text,
    startedAtMs: isRunning ? Number(status.startedAtMs) : 0,
    restarts: status.restarts,
  };
}

function otherOf(kind: WorkloadKindName, { meta: named, status }: OtherStatus): ListedWorkload {
  const wellness = wellnessOf[status] ?? 'failed';
  const isRunning = status === meta.Status.STATUS_ACTIVE;
  const key: WorkloadKey = { kind, name: named?.name ?? '' };
  return { key, status, wellness, state: isRunning ? 'running' : wellness, startedAtMs: 0, restarts: undefined };
}

function scheduledOf(item: ScheduledItem, nowMs: number): ListedWorkload {
  const { key, state } = item;
  const { wellness, text } = workloadState(item, nowMs);
  const isRunning = state.status === meta.Status.STATUS_ACTIVE;
  return {
    key,
    status: state.status,
    wellness,
    state: isRunning ? (state.ready ? 'running' : 'not ready') : text,
    startedAtMs: isRunning ? Number(state.startedAtMs) : 0,
    restarts: state.restarts,
  };
}
