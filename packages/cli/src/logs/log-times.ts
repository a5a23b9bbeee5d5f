import { type Paint, paintFor } from '../output/terminal-style.js';
import type { LogChannel } from './log-entry.js';

/** Times before lines. Lines come in bursts: most have the time of the one before. */
export class LogTimes {
  private readonly paint: Readonly<Record<LogChannel, Paint>> = {
    stdout: paintFor(process.stdout),
    stderr: paintFor(process.stderr),
  };
  private timestamp: bigint | undefined;
  private text = '';

  shown(channel: LogChannel, timestamp: bigint): string {
    if (timestamp !== this.timestamp) {
      this.timestamp = timestamp;
      this.text = isoTime(timestamp);
    }
    return this.paint[channel]('dim', this.text);
  }
}

/** In UTC; the number itself where it is none that a Date can tell. */
export function isoTime(timestamp: bigint): string {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}
