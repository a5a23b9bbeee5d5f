import type { LogRing } from '@aurae/observe-logs';
import type { BackendContracts } from '@aurae/proto';
import type { InjectionToken } from 'tsyringe';
import type { ScheduleEngine as Engine } from './schedule/schedule-engine.js';
import type { BackendCatalog as Catalog } from './services/backend-catalog.js';

// What the composition root offers for injection. A token shares its interface's name.

export type ExecutableBackend = BackendContracts['executable'];
export const ExecutableBackend: InjectionToken<ExecutableBackend> = Symbol('ExecutableBackend');

export type ContainerBackend = BackendContracts['container'];
export const ContainerBackend: InjectionToken<ContainerBackend> = Symbol('ContainerBackend');

export type InstanceBackend = BackendContracts['instance'];
export const InstanceBackend: InjectionToken<InstanceBackend> = Symbol('InstanceBackend');

export type BackendCatalog = Catalog;
export const BackendCatalog: InjectionToken<BackendCatalog> = Symbol('BackendCatalog');

/** What is enabled, and what keeps it true. */
export type ScheduleEngine = Engine;
export const ScheduleEngine: InjectionToken<ScheduleEngine> = Symbol('ScheduleEngine');

/** The daemon's own log, numbered and kept. */
export type DaemonLogRing = LogRing;
export const DaemonLogRing: InjectionToken<DaemonLogRing> = Symbol('DaemonLogRing');

/** What does not change while the daemon runs. */
export interface DaemonFacts {
  readonly version: string;
  /** `uname -n`. */
  readonly node: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
}
export const DaemonFacts: InjectionToken<DaemonFacts> = Symbol('DaemonFacts');
