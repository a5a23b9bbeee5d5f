import { InvalidArgumentError } from 'commander';
import { durationForms, parseDurationMs } from './duration.js';

// Readers of option values for commander, which adds the flag and the value to the message.

const maximumUint32 = 0xffff_ffff;

export function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1 || ms > maximumUint32) {
    throw new InvalidArgumentError(`Allowed are durations such as ${durationForms}; from 1ms to 1193h.`);
  }
  return ms;
}

export function wholeNumber(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > maximumUint32) throw new InvalidArgumentError('Allowed are whole numbers from 1 up.');
  return number;
}

export function absolutePath(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError("Allowed are absolute paths on the daemon's machine.");
  return text;
}

/** A script's unset variable must not stand for a default: that of `--user` may be root. */
export function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** For an option that may be given many times. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}
