// C0, DEL, C1, line and paragraph separators, and the characters that reorder text.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text that cannot move the cursor, start another line, or change how what follows it is shown. */
export function escapeForTerminal(text: string): string {
  return text.replace(unsafe, (character) => named[character] ?? hexadecimal(character));
}

/** The same inside JSON, which leaves some of these characters as they are. */
export function escapeJsonForTerminal(json: string): string {
  return json.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function hexadecimal(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
