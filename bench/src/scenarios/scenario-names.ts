import { idleExecutables } from './idle-executables.js';
import type { Scenario } from './scenario.js';
import { shimMemory } from './shim-memory.js';
import { subProcessStream } from './sub-process-stream.js';
import { supervisors } from './supervisors.js';

/** In the order in which they are run, after the cases that are calls. */
export const scenarioNames = ['shim-memory', 'idle-executables', 'sub-process-stream', 'supervisors'] as const;

export type ScenarioName = (typeof scenarioNames)[number];

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  'shim-memory': shimMemory,
  'idle-executables': idleExecutables,
  'sub-process-stream': subProcessStream,
  supervisors,
};

export function isScenarioName(name: string): name is ScenarioName {
  return (scenarioNames as readonly string[]).includes(name);
}
