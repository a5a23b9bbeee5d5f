import { nativeBinding } from '../native-binding.js';
import type { CommandInput } from './command-channels.js';
import type { DescriptorWriter } from './descriptor-writer.js';

const lineBreaks: readonly (number | undefined)[] = [undefined, 0x0a, 0x0d];

/** The keyboard of a terminal. Its end of input is a key as well, and more may be typed after it. */
export class TerminalInput implements CommandInput {
  private readonly writer: DescriptorWriter;
  private last: number | undefined;

  constructor(writer: DescriptorWriter) {
    this.writer = writer;
  }

  write(bytes: Buffer): void {
    this.last = bytes.at(-1) ?? this.last;
    this.writer.write(bytes);
  }

  /** In the middle of a line, the key only sends what was typed: it takes a second one to say that nothing follows. */
  end(): void {
    const key = this.writer.whileOpen((terminal) => nativeBinding.endOfFileCharacter(terminal));
    // None, because the program has switched it off.
    if (key === undefined || key <= 0) return;
    const isLineStart = lineBreaks.includes(this.last) || this.last === key;
    this.write(Buffer.from(isLineStart ? [key] : [key, key]));
  }

  atMost(bytes: number): Promise<void> {
    return this.writer.atMost(bytes);
  }
}
