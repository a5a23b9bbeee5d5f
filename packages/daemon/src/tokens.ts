import type { LogRing } from '@aurae/observe-logs';
import type { BackendContracts, observe } from '@aurae/proto';
import type { InjectionToken } from 'tsyringe';
import type { EventJournal as Journal } from './events/event-journal.js';
import type { LogLevels as Levels } from './logging/log-levels.js';
import type { WorkloadPulse as Pulse } from './observation/workload-pulse.js';
import type { ScheduleEngine as Engine } from './schedule/schedule-engine.js';
import type { BackendCatalog as Catalog } from './services/backend-catalog.js';
import type { WorkloadUsageReader as UsageReader } from './services/workload-usage.js';

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

/** What happened on the node, numbered and kept. */
export type EventJournal = Journal;
export const EventJournal: InjectionToken<EventJournal> = Symbol('EventJournal');

/** Wakes whoever waits for something to become of a workload. */
export type WorkloadPulse = Pulse;
export const WorkloadPulse: InjectionToken<WorkloadPulse> = Symbol('WorkloadPulse');

/** What the logs of workloads take, and what becomes of what goes to the sinks. */
export interface NodeLogs {
  store(): Promise<observe.LogStoreStatus>;
  sinks(): Promise<observe.LogSinkStatus[]>;
}
export const NodeLogs: InjectionToken<NodeLogs> = Symbol('NodeLogs');

/** From which level on each component of the daemon is logged. */
export type LogLevels = Levels;
export const LogLevels: InjectionToken<LogLevels> = Symbol('LogLevels');

/** What workloads of every kind use. */
export type WorkloadUsageReader = UsageReader;
export const WorkloadUsageReader: InjectionToken<WorkloadUsageReader> = Symbol('WorkloadUsageReader');

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
