import type { BackendLog } from '@aurae/proto';
import type { Config } from '../config/config-schema.js';
import { noTracing, type Tracing } from './tracing.js';

/** Tracing as the configuration wants it. OpenTelemetry is loaded only where there is something to do for it. */
export async function openTracing(
  { endpoint, headers, sample_ratio: sampleRatio }: Config['tracing'],
  { version, node }: { readonly version: string; readonly node: string },
  log: BackendLog,
): Promise<Tracing> {
  if (endpoint === undefined) return noTracing;
  const { startTracing } = await import('./start-tracing.js');
  const tracing = startTracing({ endpoint, headers, sampleRatio, version, node, log });
  log.info('Traces are recorded', { endpoint: new URL(endpoint).origin, sampleRatio });
  return tracing;
}
