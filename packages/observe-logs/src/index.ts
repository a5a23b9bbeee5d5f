export { backoffMs, type BackoffOptions } from './backoff.js';
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
export type { WorkloadChannel } from './segments/cri-record.js';
export { logItems } from './segments/log-items.js';
export type { LogEnd, LogReadOptions } from './segments/log-read-options.js';
export { type ListLogSegments, listLogSegments, type LogSegment, logSegmentName } from './segments/log-segment.js';
export { nextLogSequence } from './segments/next-log-sequence.js';
export { readLogSegments } from './segments/read-log-segments.js';
export type { SinkPumpOptions } from './sink-pump.js';
export type { SinkFailure, SinkStatus } from './sink-status.js';
export { writeToConsole } from './write-to-console.js';
