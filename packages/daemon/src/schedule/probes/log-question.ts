import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import type { observe, runtime } from '@aurae/proto';
import { LogLines } from './log-lines.js';
import type { ProbeTarget } from './probe-target.js';
import type { Question } from './question.js';
import { linearPattern } from './regular-expression.js';

/** After so much text, others have a turn. */
const textInOneTurn = 64 * 1024;

/** Asks by reading the log of the run, until a line of it matches: so it takes as long as that takes. */
export function logQuestion({ pattern, channel }: runtime.LogProbe, target: ProbeTarget): Question {
  const compiled = linearPattern(pattern);
  // What stands in for lost lines has no channel.
  const wanted = (item: observe.LogItem) => (channel === '' ? item.channel !== '' : item.channel === channel);
  const text = `a line of the log that matches ${JSON.stringify(pattern)}`;
  const ask = async (signal: AbortSignal) => {
    for await (const line of linesOf(target.readLog(signal), wanted, signal)) {
      if (compiled.test(line)) return undefined;
    }
    return `the log has ended without ${text}`;
  };
  return { text, ask };
}

async function* linesOf(
  batches: AsyncIterable<observe.LogBatch>,
  wanted: (item: observe.LogItem) => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const lines = new LogLines();
  let length = 0;
  for await (const { items } of batches) {
    for (const item of items) {
      const line = lines.add(item);
      if (line === undefined || !wanted(item)) continue;
      yield line;
      length += line.length;
      if (length < textInOneTurn) continue;
      length = 0;
      await turnOfEventLoop();
      signal.throwIfAborted();
    }
  }
}
