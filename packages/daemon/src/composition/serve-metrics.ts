import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import type { Metrics, MetricSources } from '../metrics/index.js';
import type { ScheduleEngine } from '../schedule/schedule-engine.js';
import type { BackendCatalog, NodeLogs } from '../tokens.js';

export interface MeasuredParts extends Pick<MetricSources, 'services' | 'calls' | 'news' | 'usage'> {
  readonly schedule: ScheduleEngine;
  readonly catalog: BackendCatalog;
  readonly logs: NodeLogs;
}

/** What is needed for it is loaded only where somebody wants metrics. */
const library = () => import('../metrics/index.js');

/** Undefined where nobody wants any. */
export async function openMetrics(
  listen: string | undefined,
  facts: { readonly version: string; readonly node: string },
  owned: DisposalStack,
): Promise<Metrics | undefined> {
  if (listen === undefined) return undefined;
  const { Metrics } = await library();
  const metrics = new Metrics(facts);
  owned.defer('the metrics', () => metrics[Symbol.dispose]());
  return metrics;
}

/** Serves the metrics, and answers with the address. */
export async function serveMetrics(
  metrics: Metrics,
  { schedule, catalog, logs, ...parts }: MeasuredParts,
  listen: string,
  owned: DisposalStack,
  log: Logger,
): Promise<string> {
  const { MetricsServer, scheduledStates } = await library();
  metrics.follow({
    ...parts,
    schedule: () => scheduledStates(schedule),
    backends: catalog,
    logSinks: () => logs.sinks(),
    logStore: () => logs.store(),
  });
  const server = await MetricsServer.listen(listen, metrics, log);
  owned.defer('the server of the metrics', async () => server[Symbol.asyncDispose]());
  return server.address;
}
