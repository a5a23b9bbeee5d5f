import type { TopWorkload } from './top-workload.js';

/** By what the list is sorted, each with its key. */
export const sortKeys = { c: 'cpu', m: 'memory', n: 'name', r: 'restarts', u: 'uptime' } as const;

export type SortBy = (typeof sortKeys)[keyof typeof sortKeys];

/** The larger, the further up. */
const measures: Readonly<Record<Exclude<SortBy, 'name'>, (workload: TopWorkload) => number>> = {
  cpu: ({ measured }) => measured?.cpuPercent ?? -1,
  memory: ({ measured }) => Number(measured?.usage.memoryBytes ?? -1n),
  restarts: ({ restarts }) => restarts ?? -1,
  uptime: ({ startedAtMs }) => (startedAtMs > 0 ? -startedAtMs : Number.NEGATIVE_INFINITY),
};

/** What is alike stands in the order of the names, so that nothing moves about. */
export function sorted(workloads: readonly TopWorkload[], by: SortBy, isReversed: boolean): TopWorkload[] {
  const direction = isReversed ? -1 : 1;
  const measure = by === 'name' ? () => 0 : measures[by];
  const rows = workloads.map((workload) => ({ workload, value: measure(workload) }));
  rows.sort((one, other) => {
    if (one.value !== other.value) return direction * (one.value < other.value ? 1 : -1);
    const order = compareNames(one.workload, other.workload);
    return by === 'name' ? direction * order : order;
  });
  return rows.map(({ workload }) => workload);
}

function compareNames({ key: one }: TopWorkload, { key: other }: TopWorkload): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return one.kind < other.kind ? -1 : one.kind > other.kind ? 1 : 0;
}
