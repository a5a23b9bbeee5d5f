/** The label of what the schedule starts: which store it belongs to, by which decision, and which run it is. */
const label = 'aurae.schedule';

/** Labels that begin so are the daemon's own. */
export const ownLabelPrefix = 'aurae.';

export interface ScheduleMark {
  readonly store: string;
  readonly revision: number;
  readonly run: string;
}

export function markLabels({ store, revision, run }: ScheduleMark): Record<string, string> {
  return { [label]: `${store}/${revision}/${run}` };
}

/** Undefined where it was started by somebody else. */
export function markOf(labels: Readonly<Record<string, string>>): ScheduleMark | undefined {
  const [store, revision, run, ...more] = (labels[label] ?? '').split('/');
  if (!store || !run || more.length > 0 || !/^\d{1,15}$/.test(revision ?? '')) return undefined;
  return { store, revision: Number(revision), run };
}
