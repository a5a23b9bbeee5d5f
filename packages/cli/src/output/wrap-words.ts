/**
 * Lines of at most `width` UTF-16 units, broken at spaces where there are any. Never less than one line.
 *
 * @param keepsWords a word that is longer than a line stays whole
 */
export function wrapWords(text: string, width: number, keepsWords = false): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const before = rest.lastIndexOf(' ', width);
    const space = before <= 0 && keepsWords ? rest.indexOf(' ', 1) : before;
    if (space <= 0 && keepsWords) break;
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  return [...lines, rest];
}
