import { type CallContext, meta } from '@aurae/proto';
import type { Gauge } from 'prom-client';
import type { BackendCatalog } from '../services/backend-catalog.js';
import type { MetricRegistry } from './metric-registry.js';
import type { ScrapedMetrics } from './scraped-metrics.js';

const { HEALTH_STATE_SERVING, HEALTH_STATE_DEGRADED, HEALTH_STATE_UNAVAILABLE } = meta.HealthState;
const states: ReadonlyMap<meta.HealthState, string> = new Map([
  [HEALTH_STATE_SERVING, 'serving'],
  [HEALTH_STATE_DEGRADED, 'degraded'],
  [HEALTH_STATE_UNAVAILABLE, 'unavailable'],
]);

/** How the backends are. Log sinks have metrics of their own. */
export class BackendMetrics implements ScrapedMetrics {
  readonly subject = 'backends';
  private readonly health: Gauge<'kind' | 'backend' | 'state'>;

  constructor(
    registry: MetricRegistry,
    private readonly catalog: Pick<BackendCatalog, 'describeAll'>,
  ) {
    this.health = registry.gauge('aurae_backend_health', '1 for the state that the backend is in, 0 for the others', [
      'kind',
      'backend',
      'state',
    ]);
  }

  async refresh(context: CallContext): Promise<void> {
    const statuses = await this.catalog.describeAll(context);
    this.health.reset();
    for (const { kind, description } of statuses) {
      if (kind === 'log-sink' || !description) continue;
      const current = states.get(description.health?.state ?? HEALTH_STATE_SERVING) ?? 'unknown';
      for (const state of [...states.values(), 'unknown']) {
        this.health.set({ kind, backend: description.name, state }, state === current ? 1 : 0);
      }
    }
  }
}
