/**
 * Why a text is no JSON, with the place where that is known, from what JSON.parse says of it. That differs from Node to Node,
 * and has a piece of the text in it, which may be a secret.
 */
export function jsonProblem(text: string, message: string): string {
  const [, offset] = /at position (\d+)/.exec(message) ?? [];
  const [reason = message] = message.split(/, (?:\.{3})?"| in JSON at /);
  return offset === undefined ? reason : `${placeOf(text, Number(offset))}: ${reason}`;
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`;
}
