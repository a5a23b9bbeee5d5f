import { constants } from 'node:os';
import { InvalidSpecError } from '@aurae/proto';

/** Those that glibc leaves to programs, signal(7). */
const firstRealTime = 34;
const lastRealTime = 64;

const numbers = new Map<string, number>(Object.entries(constants.signals));
const names = new Map([...numbers].map(([name, number]) => [number, name]));
// Two names for one number: the one of signal(7) that kill(1) prints.
names.set(constants.signals.SIGABRT, 'SIGABRT');
names.set(constants.signals.SIGIO, 'SIGIO');

/** `SIGTERM`; `signal 40` where it has no name. */
export function signalName(number: number): string {
  return names.get(number) ?? `signal ${number}`;
}

/**
 * The number of a signal: by its name, with or without `SIG` and in any case (`TERM`, `sigterm`, `RTMIN+3`), or as a
 * number from 1 to 64. Throws `InvalidSpecError` that names `field`.
 */
export function parseSignal(text: string, field: string): number {
  const number = /^\d{1,9}$/.test(text) ? inRange(Number(text), 1) : numberOfName(text.toUpperCase());
  if (number !== undefined) return number;
  const shown = JSON.stringify(text.length <= 50 ? text : `${text.slice(0, 50)}…`);
  const description = `${shown} is no signal. Allowed are ${allowed()}`;
  throw new InvalidSpecError(`Cannot use the signal: ${description}`, [{ field, description }]);
}

function numberOfName(text: string): number | undefined {
  const name = text.startsWith('SIG') ? text : `SIG${text}`;
  return numbers.get(name) ?? realTimeNumber(name);
}

function realTimeNumber(name: string): number | undefined {
  const [, end, offset = '0'] = /^SIGRT(MIN|MAX)([+-]\d{1,2})?$/.exec(name) ?? [];
  if (end === undefined) return undefined;
  return inRange((end === 'MIN' ? firstRealTime : lastRealTime) + Number(offset), firstRealTime);
}

function inRange(number: number, lowest: number): number | undefined {
  return number >= lowest && number <= lastRealTime ? number : undefined;
}

function allowed(): string {
  const short = [...names].sort(([one], [other]) => one - other).map(([, name]) => name.slice('SIG'.length));
  return `${short.join(', ')}, RTMIN+0 to RTMIN+30, and the numbers 1 to ${lastRealTime}`;
}
