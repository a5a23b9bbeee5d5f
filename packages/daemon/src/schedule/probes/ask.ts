import { onAbort } from '@aurae/proto';
import { describeError } from '../describe-error.js';
import type { ScheduleClock } from '../schedule-clock.js';
import type { Question } from './question.js';

/**
 * Asks once, and ends the question after so long. Answers with what is wrong, for a person; undefined when all is well.
 * Settles when the question is over; rejects with the signal's reason where that has aborted.
 */
export async function askInTime(
  question: Question,
  timeoutMs: number,
  clock: ScheduleClock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ending = new AbortController();
  const stopListening = onAbort(signal, () => ending.abort(signal.reason));
  let isLate = false;
  const cancel = clock.after(timeoutMs, () => {
    isLate = true;
    ending.abort();
  });
  try {
    const wrong = await answerOf(question, ending.signal, signal);
    return isLate && wrong !== undefined ? `${question.text} did not answer within ${durationText(timeoutMs)}` : wrong;
  } finally {
    cancel();
    stopListening();
  }
}

/** Asks once, for as long as it takes. Otherwise as `askInTime`. */
export function askForever(question: Question, signal: AbortSignal): Promise<string | undefined> {
  return answerOf(question, signal, signal);
}

async function answerOf(question: Question, ending: AbortSignal, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  try {
    return await question.ask(ending);
  } catch (error) {
    return `${question.text}: ${describeError(error)}`;
  } finally {
    signal.throwIfAborted();
  }
}

/** `250 ms`, `1 s`. */
function durationText(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000} s` : `${milliseconds} ms`;
}
