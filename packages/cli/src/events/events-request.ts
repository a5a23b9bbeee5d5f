import type { PartialRequest } from '@aurae/client';
import type { meta, observe } from '@aurae/proto';
import { workloadKinds, type WorkloadKindName } from '../values/workload-kind.js';
import { parseWorkloadText } from '../values/workload-text.js';
import type { EventsOptions } from '../commands/events-options.js';

export type EventsRequest = PartialRequest<observe.WatchEventsRequest>;

const usualTail = 50;
/** Enough to see where one is, as with tail(1). */
const usualTailBeforeFollowing = 10;

export function eventsRequest(names: readonly string[], options: EventsOptions): EventsRequest {
  const { follow = false, since = 0, until = 0, after, type = [], kind } = options;
  const isPlaced = since > 0 || until > 0 || after !== undefined;
  const tail = options.tail ?? (isPlaced ? 0 : follow ? usualTailBeforeFollowing : usualTail);
  return {
    afterSequence: after ?? 0,
    fromOldest: after === 0n || (tail === 0 && after === undefined),
    tail,
    sinceMs: since,
    untilMs: until,
    historyOnly: !follow,
    workloads: [...new Set(names)].map((name) => workloadOf(name, kind)),
    types: [...type],
  };
}

/** Without a kind it is any. */
function workloadOf(text: string, kind: WorkloadKindName | undefined): meta.WorkloadReference {
  const key = parseWorkloadText(text, kind);
  const isKindKnown = kind !== undefined || key.name !== text;
  return { kind: isKindKnown ? workloadKinds[key.kind] : 0, name: key.name };
}
