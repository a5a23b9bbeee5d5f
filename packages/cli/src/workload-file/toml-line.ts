import type { KeyPath } from './file-source.js';

const bareOrQuoted = String.raw`(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')`;
const dotted = String.raw`${bareOrQuoted}(?:\s*\.\s*${bareOrQuoted})*`;
const headerForm = new RegExp(String.raw`^\s*(\[\[?)\s*(${dotted})\s*\]\]?\s*(?:#.*)?$`);
const entryForm = new RegExp(String.raw`^\s*(${dotted})\s*=`);

/**
 * The line where a value begins, or else the innermost table around it, which may be written in one line. The parser does
 * not tell: this reads headers and keys, and knows the text to be TOML.
 */
export function tomlLineOf(text: string, wanted: KeyPath): number | undefined {
  let best: { readonly line: number; readonly depth: number } | undefined;
  for (const { path, line } of places(text)) {
    const isAround = path.length <= wanted.length && path.every((part, index) => part === wanted[index]);
    if (isAround && path.length > (best?.depth ?? 0)) best = { line, depth: path.length };
  }
  return best?.line;
}

function* places(text: string): Iterable<{ readonly path: KeyPath; readonly line: number }> {
  const counts = new Map<string, number>();
  let table: KeyPath = [];
  let isInString = false;
  for (const [index, line] of text.split('\n').entries()) {
    const [, bracket, header] = isInString ? [] : (headerForm.exec(line) ?? []);
    const [, key] = isInString || header ? [] : (entryForm.exec(line) ?? []);
    if (header !== undefined) {
      table = tablePath(parseKey(header), bracket === '[[', counts);
      yield { path: table, line: index + 1 };
    } else if (key !== undefined) {
      yield { path: [...table, ...parseKey(key)], line: index + 1 };
    }
    if ((line.match(/"""|'''/g)?.length ?? 0) % 2 === 1) isInString = !isInString;
  }
}

/** With the number of the element after the name of each list of tables. */
function tablePath(keys: readonly string[], isElement: boolean, counts: Map<string, number>): KeyPath {
  const path: (string | number)[] = [];
  for (const [index, key] of keys.entries()) {
    path.push(key);
    const id = JSON.stringify(path);
    const isNew = isElement && index === keys.length - 1;
    const count = (counts.get(id) ?? 0) + (isNew ? 1 : 0);
    if (isNew) counts.set(id, count);
    if (count > 0) path.push(count - 1);
  }
  return path;
}

function parseKey(text: string): string[] {
  return (text.match(new RegExp(bareOrQuoted, 'g')) ?? []).map((part) => {
    if (part.startsWith("'")) return part.slice(1, -1);
    return part.startsWith('"') ? unquoted(part) : part;
  });
}

/** Its escapes are those of JSON, but for some that no key has. */
function unquoted(part: string): string {
  try {
    return JSON.parse(part) as string;
  } catch {
    return part;
  }
}
