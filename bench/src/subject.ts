import type { CaseName } from './case-names.js';
import type { Plan, Sample } from './measure.js';

/** A case, ready to be measured any number of times. */
export interface Subject {
  readonly name: CaseName;
  /** The process that calls; undefined when each measurement is a process of its own. */
  readonly callerPid?: number;
  /** The process that answers, where there is one. */
  readonly serverPid?: number;
  run(plan: Plan): Promise<Sample>;
}
