import { idleExecutables } from './idle-executables.js';
import { logFollow } from './log-follow.js';
import { logPeers } from './log-peers.js';
import { logSeek } from './log-seek.js';
import { logSlowReader } from './log-slow-reader.js';
import type { Scenario } from './scenario.js';
import { scheduleCrashLoop } from './schedule-crash-loop.js';
import { scheduleEnable } from './schedule-enable.js';
import { scheduleReconcile } from './schedule-reconcile.js';
import { scheduleRestart } from './schedule-restart.js';
import { shimMemory } from './shim-memory.js';
import { subProcessStream } from './sub-process-stream.js';
import { supervisors } from './supervisors.js';

/** In the order in which they are run, after the cases that are calls. */
export const scenarioNames = [
  'shim-memory',
  'idle-executables',
  'sub-process-stream',
  'log-follow',
  'log-slow-reader',
  'log-seek',
  'log-peers',
  'schedule-enable',
  'schedule-reconcile',
  'schedule-crash-loop',
  'schedule-restart',
  'supervisors',
] as const;

export type ScenarioName = (typeof scenarioNames)[number];

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  'shim-memory': shimMemory,
  'idle-executables': idleExecutables,
  'sub-process-stream': subProcessStream,
  'log-follow': logFollow,
  'log-slow-reader': logSlowReader,
  'log-seek': logSeek,
  'log-peers': logPeers,
  'schedule-enable': scheduleEnable,
  'schedule-reconcile': scheduleReconcile,
  'schedule-crash-loop': scheduleCrashLoop,
  'schedule-restart': scheduleRestart,
  supervisors,
};

export function isScenarioName(name: string): name is ScenarioName {
  return (scenarioNames as readonly string[]).includes(name);
}
