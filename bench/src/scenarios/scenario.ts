import type { Workspace } from '../workspace.js';

/** One fact that a scenario has found out. */
export interface Finding {
  readonly what: string;
  /** The value for a person. */
  readonly shown: string;
  /** The value for a program. */
  readonly value?: number;
  /** Whether that is as good as it has to be; absent where nothing is asked for. */
  readonly reached?: boolean;
}

export interface ScenarioOptions {
  /** Size of the log in `log-seek`. */
  readonly logGibibytes: number;
}

/** Something that is done once, and not a call that is made again and again. */
export type Scenario = (workspace: Workspace, options: ScenarioOptions) => Promise<readonly Finding[]>;

export function finding(what: string, value: number, unit: string, digits = 2): Finding {
  return { what, value, shown: `${value.toFixed(digits)} ${unit}` };
}

/** A finding that is to be at most so much. */
export function atMost(limit: number, found: Finding): Finding {
  return { ...found, reached: (found.value ?? Number.NaN) <= limit };
}

export function atLeast(limit: number, found: Finding): Finding {
  return { ...found, reached: (found.value ?? Number.NaN) >= limit };
}
