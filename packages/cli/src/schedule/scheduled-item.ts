import type { AuraeClient } from '@aurae/client';
import type { schedule } from '@aurae/proto';
import { keyOfReference, keyOfSpec, type WorkloadKey, type WorkloadSpec } from './workload-key.js';

/** A scheduled workload: how it is, and what was asked for. */
export interface ScheduledItem {
  readonly key: WorkloadKey;
  readonly state: schedule.ScheduledWorkload;
  readonly spec: WorkloadSpec | undefined;
}

export interface ShowChoice {
  readonly enabled: boolean;
  readonly disabled: boolean;
}

export interface ScheduledItems {
  /** Sorted by name. */
  readonly items: readonly ScheduledItem[];
  /** What a person should know of the schedule as a whole; mostly empty. */
  readonly notice: string;
}

type Show = AuraeClient['schedule']['showEnabled'];

/** Keeps each answer well below what one message may hold. */
const pageSize = 500;
/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 30_000;

export async function scheduledItems(
  { schedule: api }: AuraeClient,
  { enabled, disabled }: ShowChoice,
  signal: AbortSignal,
): Promise<ScheduledItems> {
  const parts = await Promise.all([
    ...(enabled ? [itemsOf(api.showEnabled, signal)] : []),
    ...(disabled ? [itemsOf(api.showDisabled, signal)] : []),
  ]);
  const items = parts.flatMap((part) => part.items).sort((one, other) => compare(one.key, other.key));
  return { items, notice: parts.find((part) => part.notice !== '')?.notice ?? '' };
}

async function itemsOf(show: Show, signal: AbortSignal): Promise<ScheduledItems> {
  const items: ScheduledItem[] = [];
  let notice = '';
  let pageToken = '';
  do {
    const page = await show({ pageSize, pageToken }, { signal, timeoutMs });
    items.push(...itemsOfPage(page));
    notice ||= page.notice;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return { items, notice };
}

/** The states come in the order of the specs: executables, containers, instances. */
function itemsOfPage(page: schedule.ShowEnabledResponse): ScheduledItem[] {
  const specs: WorkloadSpec[] = [
    ...page.Executables.map((value) => ({ $case: 'executable' as const, value })),
    ...page.containers.map((value) => ({ $case: 'container' as const, value })),
    ...page.instances.map((value) => ({ $case: 'instance' as const, value })),
  ];
  return page.workloads.flatMap((state, index) => {
    const spec = specs[index];
    const key = keyOfReference(state.workload) ?? (spec && keyOfSpec(spec));
    return key ? [{ key, state, spec }] : [];
  });
}

function compare(one: WorkloadKey, other: WorkloadKey): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return one.kind < other.kind ? -1 : 1;
}
