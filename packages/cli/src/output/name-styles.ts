import type { Style } from './terminal-style.js';

/** Red is for what is wrong. */
const palette: readonly Style[] = [
  'cyan',
  'green',
  'yellow',
  'blue',
  'magenta',
  'brightCyan',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
];

/** A colour for each name: always the same one, unless another of the names has that already. */
export function nameStyles(names: readonly string[]): Style[] {
  const taken = new Set<number>();
  return names.map((name) => {
    let index = hash(name) % palette.length;
    if (taken.size === palette.length) taken.clear();
    while (taken.has(index)) index = (index + 1) % palette.length;
    taken.add(index);
    return palette[index] as Style;
  });
}

/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
