/** Further away it is another word, and not one that was mistyped. */
const farthest = 3;

/** Which of the words somebody may have meant; undefined when it is none of them. */
export function closestWord(text: string, words: readonly string[]): string | undefined {
  const limit = Math.min(farthest, Math.ceil(text.length / 2));
  let closest: { readonly word: string; readonly distance: number } | undefined;
  for (const word of words) {
    const distance = editDistance(text, word);
    if (distance <= limit && distance < (closest?.distance ?? Number.POSITIVE_INFINITY)) closest = { word, distance };
  }
  return closest?.word;
}

/** How many letters one has to add, take away or exchange (Levenshtein). */
function editDistance(from: string, to: string): number {
  // The distance counts no further than that: a key may be of any length.
  if (Math.abs(from.length - to.length) > farthest) return farthest + 1;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const exchanged = (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min(exchanged, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
