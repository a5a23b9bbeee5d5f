import type { AuraeClient } from '@aurae/client';
import { UsageError } from '../failures.js';
import { scheduledItems, type ShowChoice } from '../schedule/scheduled-item.js';
import { shownKey, type WorkloadKey } from '../schedule/workload-key.js';
import { parseWorkloadText } from '../values/workload-text.js';
import type { KindOptions } from './kind-options.js';
import type { NameSelection } from './name-selection.js';

export interface AllOfKindOption extends KindOptions {
  readonly all?: boolean;
}

/** The scheduled workloads that a command acts on: those of the names, or all of a choice. */
export class ScheduledSelection implements NameSelection {
  readonly isAll: boolean;
  private readonly keys = new Map<string, WorkloadKey>();

  constructor(
    names: readonly string[],
    private readonly options: AllOfKindOption,
    private readonly choice: ShowChoice,
  ) {
    const { all = false, kind } = options;
    if (all && names.length > 0) throw new UsageError('give either names or --all, not both');
    if (!all && names.length === 0) throw new UsageError('give the names of workloads, or --all');
    this.isAll = all;
    for (const name of names) this.add(parseWorkloadText(name, kind));
  }

  async find(client: AuraeClient, signal: AbortSignal): Promise<readonly string[]> {
    if (this.isAll) {
      const { items } = await scheduledItems(client, this.choice, signal);
      for (const { key } of items) if (key.kind === (this.options.kind ?? key.kind)) this.add(key);
    }
    return [...this.keys.keys()];
  }

  keyOf(name: string): WorkloadKey {
    const key = this.keys.get(name);
    if (!key) throw new TypeError(`"${name}" was not selected`);
    return key;
  }

  private add(key: WorkloadKey): void {
    this.keys.set(shownKey(key), key);
  }
}
