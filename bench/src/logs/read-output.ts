import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { lineBytes, LineCheck } from './line-check.js';

export interface ReadOutput {
  readonly received: number;
  /** From the first line to the last that came. */
  readonly linesPerSecond: number;
  /** Not there, and out of order. */
  readonly faults: number;
}

/** So long after the last line that came, no more is waited for. */
const patienceMs = 10_000;
const numbered = new RegExp(`\\d{10} x{${lineBytes - 12}}$`);

/** Reads numbered lines from what a program prints, up to the one of number `lines`; whatever else it prints is passed over. */
export async function readOutput(output: Readable, lines: number): Promise<ReadOutput> {
  const check = new LineCheck();
  let rest = '';
  let [firstAt, lastAt] = [0, performance.now()];
  let isOver = false;
  output.setEncoding('latin1').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (numbered.test(part)) check.take(part.slice(1 - lineBytes));
    if (check.received === 0) return;
    lastAt = performance.now();
    if (firstAt === 0) firstAt = lastAt;
  });
  output.on('close', () => {
    isOver = true;
  });
  // The clock is looked at a hundred times a second, since nothing tells that no more will come.
  while (!isOver && check.lastNumber < lines && performance.now() - lastAt < patienceMs) await delay(10);
  return {
    received: check.received,
    linesPerSecond: (check.received / (lastAt - firstAt)) * 1_000,
    faults: check.lost + check.misplaced + lines - check.lastNumber,
  };
}
