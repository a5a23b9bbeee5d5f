import type { observe } from '@aurae/proto';

/** Of a longer line only the beginning is looked at. */
const longestLine = 64 * 1024;

/** Puts the lines of a log together that come in parts; each channel has its own. */
export class LogLines {
  readonly #begun = new Map<string, string>();

  /** The line that this item completes. A line in parts is given when its last part has come, or once it is long enough. */
  add({ channel, line, partial, dropped }: observe.LogItem): string | undefined {
    // With a part of it gone, it is no line any more.
    if (dropped > 0n) this.#begun.clear();
    const begun = this.#begun.get(channel);
    const text = ((begun ?? '') + line).slice(0, longestLine);
    if (partial) this.#begun.set(channel, text);
    else this.#begun.delete(channel);
    const wasGiven = begun !== undefined && begun.length >= longestLine;
    return !wasGiven && (!partial || text.length >= longestLine) ? text : undefined;
  }
}
