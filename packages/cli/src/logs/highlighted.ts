import type { Paint } from '../output/terminal-style.js';
import type { LinePattern } from './line-pattern.js';

const isPainted = (paint: Paint) => paint('red', 'x') !== 'x';

/** The text with what the pattern finds in it standing out, where there are colours. */
export function highlighted(text: string, pattern: LinePattern, paint: Paint): string {
  if (!isPainted(paint)) return text;
  let shown = '';
  let end = 0;
  for (const [start, next] of pattern.found(text)) {
    shown += text.slice(end, start) + paint('bold', paint('red', text.slice(start, next)));
    end = next;
  }
  return shown + text.slice(end);
}
