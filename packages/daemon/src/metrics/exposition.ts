import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Metric, Registry } from 'prom-client';
import type { MetricRegistry, RegisteredMetric } from './metric-registry.js';

/** In which text the values are told. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** The types say too little: both take a content type, and tell one metric. */
interface Formatter {
  getMetricsAsString(metric: Pick<Metric, 'get'>): Promise<string>;
}

const formatters: Readonly<Record<ExpositionFormat, Formatter>> = {
  prometheus: new Registry() as unknown as Formatter,
  openmetrics: new (Registry as unknown as new (type: string) => Formatter)(contentTypes.openmetrics),
};

/** Others have their turn at the event loop between two metrics. */
export async function exposition(registry: MetricRegistry, format: ExpositionFormat): Promise<string> {
  const parts: string[] = [];
  for (const metric of registry.all()) {
    parts.push(await formatters[format].getMetricsAsString(shown(metric, format)));
    await nextTurn();
  }
  const text = `${parts.join('\n')}\n`;
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

/**
 * OpenMetrics names a counter without its `_total`, which is added to each value. Renaming the metric itself, as the
 * library's own exposition does, would take the end from its name in the other format too.
 */
function shown({ name, type, metric }: RegisteredMetric, format: ExpositionFormat): Pick<Metric, 'get'> {
  if (format !== 'openmetrics' || type !== 'counter') return metric;
  const get = async () => ({ ...(await metric.get()), name: name.replace(/_total$/, '') });
  return { get } as Pick<Metric, 'get'>;
}

/** What an Accept header of RFC 9110 asks for; the old format where it does not say. */
export function acceptedFormat(accept: string | undefined): ExpositionFormat {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const weightOf = (type: string) => Math.max(0, ...ranges.filter((range) => range.type === type).map(({ q }) => q));
  const openMetrics = weightOf('application/openmetrics-text');
  return openMetrics > 0 && openMetrics >= weightOf('text/plain') ? 'openmetrics' : 'prometheus';
}

interface MediaRange {
  readonly type: string;
  readonly q: number;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const q = weight === undefined ? 1 : Number(weight);
  return { type, q: Number.isFinite(q) ? q : 0 };
}
