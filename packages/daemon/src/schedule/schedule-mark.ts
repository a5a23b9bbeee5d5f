/** The label of what the schedule starts: which store it belongs to, by which decision, and which run it is. */
const label = 'aurae.schedule';

/** Labels that begin so are the daemon's own. */
const ownLabelPrefix = 'aurae.';

/** What is wrong with labels that a caller has chosen, for a person; undefined when nothing is. */
export function ownLabelFault(labels: Readonly<Record<string, string>>): string | undefined {
  const own = Object.keys(labels).find((name) => name.startsWith(ownLabelPrefix));
  if (own === undefined) return undefined;
  return `the label ${JSON.stringify(own)} begins with "${ownLabelPrefix}", which is the daemon's own`;
}

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
