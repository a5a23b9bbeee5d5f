import { eastAsianWidth } from 'get-east-asian-width';

const segmenter = new Intl.Segmenter();
const plain = /^[\x20-\x7e]*$/;
const takesNoRoom = /^[\p{M}\p{Cf}\p{Cc}]/u;
const emojiStyle = '\ufe0f';

/** How many columns of a terminal a text takes. It has no control characters. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += segmentWidth(segment);
  return width;
}

/** Exactly `width` columns: padded on the right, or cut with an ellipsis. */
export function fitToWidth(text: string, width: number): string {
  const own = displayWidth(text);
  return own <= width ? text + ' '.repeat(width - own) : cutToWidth(text, width);
}

/** The same, padded on the left. */
export function fitToRight(text: string, width: number): string {
  const own = displayWidth(text);
  return own <= width ? ' '.repeat(width - own) + text : cutToWidth(text, width);
}

/** What of a text lies in the columns from `start` on; a wide character at either edge is left out. */
export function columnsOf(text: string, start: number, width: number): string {
  if (plain.test(text)) return text.slice(start, start + width);
  let column = 0;
  let shown = '';
  for (const { segment } of segmenter.segment(text)) {
    const own = segmentWidth(segment);
    if (column >= start && column + own <= start + width) shown += segment;
    column += own;
    if (column >= start + width) break;
  }
  return shown;
}

function cutToWidth(text: string, width: number): string {
  if (width <= 0) return '';
  const shown = columnsOf(text, 0, width - 1);
  return `${shown}…`.padEnd(shown.length + 1 + width - 1 - displayWidth(shown));
}

/** Of one character as a reader sees it, whatever it is composed of. */
function segmentWidth(segment: string): number {
  if (takesNoRoom.test(segment)) return 0;
  return segment.includes(emojiStyle) ? 2 : eastAsianWidth(segment.codePointAt(0) as number);
}
