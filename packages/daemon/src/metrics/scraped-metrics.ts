import type { CallContext } from '@aurae/proto';

/** Metrics that are looked up when somebody asks for them. */
export interface ScrapedMetrics {
  /** Of what they tell, for a person. */
  readonly subject: string;
  /** Sets them to what holds now. Rejects when that cannot be told. */
  refresh(context: CallContext): Promise<void> | void;
}

/** How long a scrape of many workloads keeps the event loop at a time. */
export const sliceMs = 2;
