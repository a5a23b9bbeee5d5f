import type { runtime } from '@aurae/proto';
import type { ScheduleClock } from '../schedule-clock.js';
import { askForever, askInTime } from './ask.js';
import { logQuestion } from './log-question.js';
import type { ProbeOptions } from './probe-options.js';
import type { ProbeTarget } from './probe-target.js';
import { probeTimes } from './probe-times.js';
import { probeQuestion } from './question.js';
import { waitOnClock } from '../wait-on-clock.js';

/**
 * Resolves when a probe that `checkProbe` has passed passes for the first time. Rejects with the signal's reason once that
 * has aborted and what was under way is over.
 */
export async function awaitReadiness(
  probe: runtime.Probe,
  target: ProbeTarget,
  clock: ScheduleClock,
  signal: AbortSignal,
  options: ProbeOptions = {},
): Promise<void> {
  const { delayMs, intervalMs } = probeTimes(probe, 'readiness', options);
  const ask = asker(probe, target, clock, options);
  await waitOnClock(clock, delayMs, signal);
  for (;;) {
    const wrong = await ask(signal);
    if (wrong === undefined) return;
    options.onFailure?.(wrong);
    await waitOnClock(clock, intervalMs, signal);
  }
}

function asker(probe: runtime.Probe, target: ProbeTarget, clock: ScheduleClock, options: ProbeOptions) {
  const { check } = probe;
  if (check === undefined) return async () => undefined;
  if (check.$case !== 'log') {
    const question = probeQuestion(check, target);
    const { timeoutMs } = probeTimes(probe, 'readiness', options);
    return (signal: AbortSignal) => askInTime(question, timeoutMs, clock, signal);
  }
  const question = logQuestion(check.value, target);
  return (signal: AbortSignal) => {
    options.onFailure?.(`there was not yet ${question.text}`);
    return askForever(question, signal);
  };
}
