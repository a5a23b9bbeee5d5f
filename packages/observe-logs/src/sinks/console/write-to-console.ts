import type { Writable } from 'node:stream';
import { consoleOutputOf } from './console-outputs.js';

/**
 * Writes a text where `process.stdout.write` or `process.stderr.write` could stop the process: a terminal that is
 * frozen. It comes after what console sinks have begun to write there.
 *
 * @returns whether it was written before the signal aborted. A text that was begun is written to its end when the
 * terminal goes on, if the process still runs then. Never throws.
 */
export async function writeToConsole(stream: Writable, text: string, signal: AbortSignal): Promise<boolean> {
  const output = consoleOutputOf(stream);
  try {
    const { outcome } = await output.begin(text, signal);
    return (await output.settled(outcome, signal)) === undefined;
  } catch {
    return false;
  }
}
