import type { GlobalOptions } from '../global-options.js';
import type { WorkloadKindName } from '../values/workload-kind.js';

export interface KindOptions extends GlobalOptions {
  readonly kind?: WorkloadKindName;
}
