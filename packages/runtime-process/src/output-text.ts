import { isUtf8 } from 'node:buffer';

export interface OutputText {
  readonly text: string;
  /** How many of the bytes are in the text, as themselves or as U+FFFD. */
  readonly usedBytes: number;
}

/**
 * Output as text: bytes that are not UTF-8 become U+FFFD. The text, encoded again, takes at most `limitBytes`,
 * although U+FFFD is three bytes. A cut never tears a character.
 *
 * @param cut more followed these bytes: an incomplete character at the end is dropped rather than replaced
 */
export function outputText(bytes: Buffer, cut: boolean, limitBytes: number): OutputText {
  const whole = cut ? bytes.subarray(0, completeLength(bytes)) : bytes;
  if (whole.length <= limitBytes && isUtf8(whole)) return { text: whole.toString(), usedBytes: whole.length };
  return boundedText(whole, limitBytes);
}

/** Length without an incomplete UTF-8 sequence at the end. */
function completeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

const stride = 4096;

/** Goes by strides, and by bytes where a stride no longer fits. */
function boundedText(bytes: Buffer, limitBytes: number): OutputText {
  let text = '';
  let textBytes = 0;
  let usedBytes = 0;
  let step = stride;
  while (usedBytes < bytes.length) {
    const part = bytes.subarray(usedBytes, usedBytes + step);
    // Whole characters only: what is incomplete is looked at again with what follows it.
    const last = usedBytes + part.length === bytes.length;
    const length = last ? part.length : completeLength(part) || part.length;
    const piece = part.subarray(0, length).toString();
    const pieceBytes = Buffer.byteLength(piece);
    if (textBytes + pieceBytes <= limitBytes) {
      text += piece;
      textBytes += pieceBytes;
      usedBytes += length;
    } else if (step > 4) {
      step = 4;
    } else {
      break;
    }
  }
  return { text, usedBytes };
}
