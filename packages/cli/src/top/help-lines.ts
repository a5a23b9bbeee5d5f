import type { Paint } from '../output/terminal-style.js';
import { fitToWidth } from '../terminal/display-width.js';
import type { ScreenSize } from '../terminal/screen.js';

const keys: readonly (readonly [keys: string, effect: string])[] = [
  ['↑ ↓ j k', 'select; PgUp, PgDn, g and G go further'],
  ['Enter l', 'the log of the selected one; q or Esc comes back'],
  ['s', 'stop it, K: kill it; either asks first'],
  ['c m n r u', 'sort by CPU, memory, name, restarts, uptime; again: turned around'],
  ['/', 'only names with a text in them; Esc shows all again'],
  ['t', 'trend of CPU, or of memory'],
  ['a', 'also what has ended or is disabled, or not'],
  ['Ctrl-Z', 'back to the shell; fg comes back'],
  ['q Ctrl-C', 'quit'],
];

const words: readonly string[] = [
  '● runs and is ready, or waits for its timer   ◐ waits, or is not ready yet',
  '✗ failed                                      ○ is done, or disabled',
  '100% is one processor. MEM is what it uses now, LIMIT what it may use.',
];

/** What the keys do, and the signs mean. */
export function helpLines({ columns }: ScreenSize, paint: Paint): string[] {
  const rows = keys.map(([name, effect]) => {
    const start = fitToWidth(name, 11);
    return columns > 20 ? `${paint('bold', start)}${fitToWidth(effect, columns - 11)}` : fitToWidth(name, columns);
  });
  return [...rows, '', ...words.map((text) => fitToWidth(text, columns))];
}
