import type { runtime } from '@aurae/proto';
import type { ScheduleClock } from '../schedule-clock.js';
import { askInTime } from './ask.js';
import type { ProbeOptions } from './probe-options.js';
import type { ProbeTarget } from './probe-target.js';
import { probeTimes } from './probe-times.js';
import { probeQuestion } from './question.js';
import { waitOnClock } from '../wait-on-clock.js';

/**
 * Resolves with the reason, for a person, when a probe that `checkProbe` has passed has failed as often in a row as it may.
 * Rejects with the signal's reason once that has aborted and what was under way is over.
 */
export async function watchLiveness(
  probe: runtime.Probe,
  target: ProbeTarget,
  clock: ScheduleClock,
  signal: AbortSignal,
  options: ProbeOptions = {},
): Promise<string> {
  const { check } = probe;
  if (check === undefined || check.$case === 'log') throw new TypeError('A liveness probe needs a check that asks');
  const { delayMs, intervalMs, timeoutMs, failureThreshold } = probeTimes(probe, 'liveness', options);
  const question = probeQuestion(check, target);
  let inRow = 0;
  await waitOnClock(clock, delayMs, signal);
  for (;;) {
    const wrong = await askInTime(question, timeoutMs, clock, signal);
    inRow = wrong === undefined ? 0 : inRow + 1;
    if (wrong !== undefined) options.onFailure?.(wrong);
    if (wrong !== undefined && inRow >= failureThreshold)
      return inRow === 1 ? wrong : `${wrong}, ${inRow} times in a row`;
    await waitOnClock(clock, intervalMs, signal);
  }
}
