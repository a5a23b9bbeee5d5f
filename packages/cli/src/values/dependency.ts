import type { runtime } from '@aurae/proto';
import { workloadKinds, type WorkloadKindName } from './workload-kind.js';
import { isWorkloadName } from './workload-name.js';

/** What a dependency looks like, for messages. */
export const dependencyForms = 'db (until it is ready), db=running, migrate=completed and container/db';

/** The numbers of the enum are on the wire; to name them would load the whole API for `--help`. */
export const dependencyConditions = { ready: 0, running: 1, completed: 2 } as const satisfies Record<
  string,
  runtime.DependencyCondition
>;

const form = /^(?:(executable|container|instance)\/)?([^/=]+)(?:=(ready|running|completed))?$/;

/** The dependency of `db`, `migrate=completed` or `container/db=running`. Undefined when it is none. */
export function parseDependency(text: string): runtime.Dependency | undefined {
  const [, kind, name, condition = 'ready'] = form.exec(text) ?? [];
  if (name === undefined || !isWorkloadName(name)) return undefined;
  return {
    // Without a kind it is of the kind of what depends on it.
    workload: { kind: kind === undefined ? 0 : workloadKinds[kind as WorkloadKindName], name },
    condition: dependencyConditions[condition as keyof typeof dependencyConditions],
  };
}
