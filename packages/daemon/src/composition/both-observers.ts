import type { CallObserver } from '../server/call-registry.js';

/** Tells both of every call. */
export function bothObservers(one: CallObserver, other: CallObserver): CallObserver {
  return {
    onEnded: (call) => {
      one.onEnded(call);
      other.onEnded(call);
    },
  };
}
