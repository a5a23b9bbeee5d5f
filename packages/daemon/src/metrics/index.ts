export { type MetricSources, Metrics } from './metrics.js';
export { MetricsServer, type MetricsServerOptions } from './metrics-server.js';
export { type ScheduledState, scheduledStates } from './scheduled-states.js';
