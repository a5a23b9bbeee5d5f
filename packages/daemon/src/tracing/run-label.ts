import { formatTraceparent, parseTraceparent, type Traceparent } from '@aurae/proto';

/** The span of a run, as the run itself keeps it: whoever sees the run end can record its span, the next daemon too. */
export interface RunTrace extends Traceparent {
  /** Span of the start, to which that of the run belongs. */
  readonly parentSpanId: string;
}

const label = 'aurae.trace';

export function runLabels(run: RunTrace): Record<string, string> {
  return { [label]: `${formatTraceparent(run)}/${run.parentSpanId}` };
}

/** Undefined where its start was not recorded. */
export function runTraceOf(labels: Readonly<Record<string, string>>): RunTrace | undefined {
  const [traceparent = '', parentSpanId = '', ...more] = (labels[label] ?? '').split('/');
  const run = parseTraceparent(traceparent);
  return run && /^[\da-f]{16}$/.test(parentSpanId) && more.length === 0 ? { ...run, parentSpanId } : undefined;
}
