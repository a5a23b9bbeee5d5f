// Besides the C0 and C1 controls, the characters that reorder text on a terminal.
const dangerous = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text of others, safe to show on one line of a terminal. Tabs stay. */
export function escapeControlCharacters(text: string): string {
  return text.replace(dangerous, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
