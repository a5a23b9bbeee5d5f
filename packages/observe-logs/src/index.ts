export { backoffMs, type BackoffOptions } from './backoff.js';
export type { Clock } from './clock.js';
export { type ConsoleLogFormat, ConsoleLogSink, type ConsoleLogSinkOptions } from './sinks/console/console-log-sink.js';
export type { LogCursor } from './ring/log-cursor.js';
export {
  LogDispatcher,
  type LogDispatcherCloseOptions,
  type LogDispatcherOptions,
  type LogOrigin,
  type NamedLogSink,
} from './delivery/log-dispatcher.js';
export type { LogPlace, OpenWorkloadLog } from './delivery/log-place.js';
export { LogPositions, type LogPositionsOptions } from './delivery/log-positions.js';
export type { SinkPumpOptions, WhenBehind } from './delivery/sink-settings.js';
export { logSinkStatus, type SinkFailure, type SinkStatus } from './delivery/sink-status.js';
export type { LogBehind, UnreadableLogs } from './delivery/workload-feeds.js';
export type { WorkloadLogHolder } from './delivery/workload-log-holder.js';
export type { LogFields } from './ring/log-fields.js';
export { isAtLeast, type LogLevel, logLevels } from './lines/log-level.js';
export {
  type LogLine,
  LogRing,
  type LogRingOptions,
  type LogStart,
  type LogSubscribeOptions,
} from './ring/log-ring.js';
export { consoleLogSinkRegistration } from './sinks/console/registration.js';
export type { WorkloadChannel } from './segments/cri-record.js';
export { logItems } from './segments/log-items.js';
export type { LogEnd, LogReadOptions } from './segments/log-read-options.js';
export { logIdentity } from './segments/log-identity.js';
export {
  compressedSegmentName,
  type ListLogSegments,
  listLogSegments,
  type LogSegment,
  type LogSegmentForm,
  logSegmentName,
  sealedSegmentName,
} from './segments/log-segment.js';
export { type AppendedLines, LogSegmentWriter, type LogSegmentWriterOptions } from './segments/log-segment-writer.js';
export { nextLogSequence } from './segments/next-log-sequence.js';
export { readLogSegments } from './segments/read-log-segments.js';
export type { WrittenLine } from './segments/record-encoder.js';
export { appendToSegmentIndex, readSegmentIndex, rewriteSegmentIndex } from './segments/segment-index.js';
export { type SegmentSummary, summarizeSegment } from './segments/segment-summary.js';
export { writeToConsole } from './sinks/console/write-to-console.js';
export { fileLogSinkRegistration } from './sinks/file/registration.js';
export { stdoutLogSinkRegistration } from './sinks/stdout/registration.js';
export type { LogHolder } from './keeper/log-holder.js';
export { LogKeeper, type LogKeeperOptions } from './keeper/log-keeper.js';
export type { LogBounds } from './keeper/retention.js';
export { journaldLogSinkRegistration } from './sinks/journald/registration.js';
export { lokiLogSinkRegistration } from './sinks/loki/registration.js';
export { otlpLogSinkRegistration } from './sinks/otlp/registration.js';
export { syslogLogSinkRegistration } from './sinks/syslog/registration.js';
