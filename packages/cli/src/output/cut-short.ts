/** One line of at most `width` UTF-16 units. What was cut ends in an ellipsis. */
export function cutShort(text: string, width: number): string[] {
  return [text.length > width ? `${text.slice(0, Math.max(0, width - 1)).replace(/[\ud800-\udbff]$/, '')}…` : text];
}
