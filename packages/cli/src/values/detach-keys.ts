/** What keys that detach look like, for messages. */
export const detachKeysForms = 'keys with commas between them, each a letter, a digit or ctrl-X: ctrl-p,ctrl-q';

/** The bytes that a terminal sends for `ctrl-p,ctrl-q`. Undefined when these are no keys. */
export function parseDetachKeys(text: string): Uint8Array | undefined {
  const bytes = text.split(',').map(byteOfKey);
  return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[]);
}

/** `Ctrl-P Ctrl-Q` of the bytes. */
export function describeDetachKeys(keys: Uint8Array): string {
  return Array.from(keys, nameOfByte).join(' ');
}

function nameOfByte(byte: number): string {
  return byte < 0x20 ? `Ctrl-${String.fromCharCode(byte | 0x40)}` : String.fromCharCode(byte);
}

function byteOfKey(key: string): number | undefined {
  if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
  // A terminal sends what is left of the character's code without the bit 0x40.
  const [, control] = /^ctrl-([@a-z[\\\]^_])$/i.exec(key) ?? [];
  return control === undefined ? undefined : control.toUpperCase().charCodeAt(0) & 0x1f;
}
