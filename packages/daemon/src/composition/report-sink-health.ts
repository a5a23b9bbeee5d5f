import type { SinkStatus } from '@aurae/observe-logs';
import type { EventDraft } from '../events/event-draft.js';
import type { Logger } from '../logging/logger.js';

/** Tells once when a sink begins to fail and once when it works again; the other sinks carry it. */
export function sinkHealthReporter(log: Logger, publish: (draft: EventDraft) => void): (status: SinkStatus) => void {
  return ({ name, lastError, health }) => {
    const isFailing = health.reason !== '';
    if (isFailing) log.warn('A log sink fails', { sink: name, reason: lastError?.message });
    else log.info('A log sink works again', { sink: name });
    publish({
      type: isFailing ? 'log-sink.failing' : 'log-sink.recovered',
      timestampMs: Date.now(),
      message: isFailing ? health.reason : `the log sink "${name}" works again`,
      attributes: { sink: name },
    });
  };
}
