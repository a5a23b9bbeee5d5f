import { meta, type schedule } from '@aurae/proto';
import { quoteCommand } from '../shell-quote.js';
import { hasFailed, isPausing } from './workload-state.js';
import { keyOfReference, shownKey, type WorkloadKey, wordsOfKey } from './workload-key.js';

export interface NextStep {
  readonly command: string;
  readonly effect: string;
}

/** What somebody may want to do who asks why a workload is as it is. */
export function nextSteps(key: WorkloadKey, state: schedule.ScheduledWorkload): NextStep[] {
  const whole = {
    command: `aurae schedule export ${quoteCommand([shownKey(key)])}`,
    effect: 'shows all that it is to be',
  };
  return [...stepsOutOf(key, state), whole];
}

function stepsOutOf(key: WorkloadKey, state: schedule.ScheduledWorkload): NextStep[] {
  const words = wordsOfKey(key);
  const enable = (effect: string) => ({ command: `aurae enable ${words}`, effect });
  switch (state.status) {
    case meta.Status.STATUS_ERROR:
      return [...logOf(key), enable('tries again')];
    case meta.Status.STATUS_PASSIVE:
      return [enable('runs it again'), { command: `aurae destroy ${words}`, effect: 'forgets it' }];
    case meta.Status.STATUS_STANDBY:
      return [...prerequisites(state), ...(hasFailed(state) || isPausing(state) ? logOf(key) : [])];
    case meta.Status.STATUS_ACTIVE:
      return state.ready && state.restarts === 0 ? [] : logOf(key);
    case meta.Status.STATUS_COMPLETE:
      return [...(hasFailed(state) ? logOf(key) : []), enable('runs it once more')];
    default:
      return logOf(key);
  }
}

/** Only executables have a log that the command shows. */
function logOf(key: WorkloadKey): NextStep[] {
  if (key.kind !== 'executable') return [];
  return [{ command: `aurae logs ${wordsOfKey(key)} --tail 20`, effect: 'shows what it wrote at last' }];
}

function prerequisites({ waitingFor }: schedule.ScheduledWorkload): NextStep[] {
  return waitingFor.flatMap((reference) => {
    const key = keyOfReference(reference);
    return key ? [{ command: `aurae why ${wordsOfKey(key)}`, effect: 'tells why that is not there yet' }] : [];
  });
}
