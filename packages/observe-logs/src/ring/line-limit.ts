/**
 * Cuts a line to `maximumBytes` of UTF-8, at a character boundary. A cut line ends with a note that tells its full
 * size; the note is part of the limit. `bytes` is the size of what is returned.
 */
export function limitLine(line: string, maximumBytes: number): { readonly line: string; readonly bytes: number } {
  const fullBytes = Buffer.byteLength(line);
  if (fullBytes <= maximumBytes) return { line, bytes: fullBytes };
  const note = `… (cut: the line has ${fullBytes} bytes)`;
  const kept = Buffer.allocUnsafe(maximumBytes - Buffer.byteLength(note));
  // Buffer.write never writes a part of a character. The copy, unlike a slice, lets go of the full line's memory.
  const keptBytes = kept.write(line);
  return { line: kept.toString('utf8', 0, keptBytes) + note, bytes: keptBytes + Buffer.byteLength(note) };
}
