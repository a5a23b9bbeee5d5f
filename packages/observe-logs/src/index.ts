export type { BackoffOptions } from './backoff.js';
export type { Clock } from './clock.js';
export { type ConsoleLogFormat, ConsoleLogSink, type ConsoleLogSinkOptions } from './console-log-sink.js';
export type { LogCursor } from './log-cursor.js';
export {
  LogDispatcher,
  type LogDispatcherCloseOptions,
  type LogDispatcherOptions,
  type NamedLogSink,
} from './log-dispatcher.js';
export type { LogFields } from './log-fields.js';
export { isAtLeast, type LogLevel, logLevels } from './log-level.js';
export { type LogLine, LogRing, type LogRingOptions, type LogStart, type LogSubscribeOptions } from './log-ring.js';
export { consoleLogSinkRegistration } from './registration.js';
export type { SinkPumpOptions } from './sink-pump.js';
export type { SinkFailure, SinkStatus } from './sink-status.js';
export { writeToConsole } from './write-to-console.js';
