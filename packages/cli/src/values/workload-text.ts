import { kindNames, type WorkloadKindName } from './workload-kind.js';

/** Identity of a workload, as `workload-key` has it. */
interface Named {
  readonly kind: WorkloadKindName;
  readonly name: string;
}

/**
 * What a person calls a workload: `web`, `container/cache`.
 *
 * @param kind of a name that does not say its own
 */
export function parseWorkloadText(text: string, kind: WorkloadKindName | undefined): Named {
  const [start = '', ...rest] = text.split('/');
  const own = kindNames.find((name) => name === start);
  return kind === undefined && own && rest.length > 0
    ? { kind: own, name: rest.join('/') }
    : { kind: kind ?? 'executable', name: text };
}
