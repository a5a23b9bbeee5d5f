import type { PartialRequest } from '@aurae/client';
import type { meta, observe } from '@aurae/proto';
import { workloadKinds, type WorkloadKindName } from '../values/workload-kind.js';
import { parseWorkloadText } from '../values/workload-text.js';
import type { EventsOptions } from '../commands/events-options.js';
import { refuseEmptyTail } from '../commands/refuse-empty-tail.js';
import { UsageError } from '../failures.js';

export type EventsRequest = PartialRequest<observe.WatchEventsRequest>;

const usualTail = 50;
/** Enough to see where one is, as with tail(1). */
const usualTailBeforeFollowing = 10;

export function eventsRequest(names: readonly string[], options: EventsOptions): EventsRequest {
  refuseInvalid(names, options);
  const { follow = false, since = 0, until = 0, after, type = [], kind } = options;
  const isPlaced = since > 0 || until > 0 || after !== undefined;
  const tail = options.tail ?? (isPlaced ? 0 : follow ? usualTailBeforeFollowing : usualTail);
  return {
    afterSequence: after ?? 0,
    fromOldest: after === 0n || (tail === 0 && after === undefined && options.tail !== 0),
    tail,
    sinceMs: since,
    untilMs: until,
    historyOnly: !follow,
    workloads: [...new Set(names)].map((name) => workloadOf(name, kind)),
    types: [...type],
  };
}

function refuseInvalid(names: readonly string[], options: EventsOptions): void {
  const { tail, after, kind } = options;
  refuseEmptyTail(options);
  if (tail === 0 && after !== undefined) {
    throw new UsageError('options --tail 0 and --after do not go together: the one begins now, the other before');
  }
  if (kind !== undefined && names.length === 0) {
    throw new UsageError(`option --kind is of names: give some, as in "aurae events --kind ${kind} NAME"`);
  }
}

/** Without a kind it is any. */
function workloadOf(text: string, kind: WorkloadKindName | undefined): meta.WorkloadReference {
  const key = parseWorkloadText(text, kind);
  const isKindKnown = kind !== undefined || key.name !== text;
  return { kind: isKindKnown ? workloadKinds[key.kind] : 0, name: key.name };
}
