import { constants } from 'node:os';

/** What a signal looks like, for messages. */
export const signalForms = 'names and numbers of signal(7), such as HUP, SIGTERM or 9';

const byNumber = new Map(Object.entries(constants.signals).map(([name, number]) => [number, withoutPrefix(name)]));
const highestNumber = 64;

/** The name without `SIG` of `HUP`, `sighup` or `1`; the number where that has no name. Undefined when it is none. */
export function parseSignal(text: string): string | undefined {
  if (/^\d{1,2}$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= highestNumber ? nameOfSignal(number) : undefined;
  }
  const name = withoutPrefix(text.toUpperCase());
  return `SIG${name}` in constants.signals ? name : undefined;
}

/** `TERM` of 15; the number itself where it has no name. */
export function nameOfSignal(number: number): string {
  return byNumber.get(number) ?? String(number);
}

function withoutPrefix(name: string): string {
  return name.replace(/^SIG/, '');
}
