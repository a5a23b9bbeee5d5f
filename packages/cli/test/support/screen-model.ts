import { displayWidth } from '../../src/terminal/display-width.js';

// ECMA-48 control sequences, and single controls.
const token = /\u001b\[([\x30-\x3f]*)([\x20-\x2f]*[\x40-\x7e])|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+/g;

const segmenter = new Intl.Segmenter();

/** What a terminal shows after all that was written to it: as much of one as programs use that draw whole lines. */
export class ScreenModel {
  isAlternate = false;
  isCursorHidden = false;
  wraps = true;
  /** How often a screen was entered. */
  entered = 0;
  /** Bytes between the beginning and the end of an update count as one. */
  updates = 0;
  private cells: string[][] = [];
  private row = 0;
  private column = 0;
  private rest = '';

  constructor(
    private rows: number,
    private columns: number,
  ) {
    this.clear();
  }

  get lines(): string[] {
    return this.cells.map((cells) => cells.join('').trimEnd());
  }

  resize(rows: number, columns: number): void {
    this.rows = rows;
    this.columns = columns;
    this.clear();
  }

  write(text: string): this {
    const all = this.rest + text;
    // A sequence may come in two pieces.
    const end = /\u001b(?:\[[\x20-\x3f]*)?$/.exec(all)?.index ?? all.length;
    this.rest = all.slice(end);
    for (const match of all.slice(0, end).matchAll(token)) this.take(match);
    return this;
  }

  private take([whole, parameters, final]: RegExpExecArray): void {
    if (final === undefined) {
      if (whole === '\r') this.column = 0;
      else if (whole === '\n') this.row += 1;
      else this.put(whole);
      return;
    }
    const numbers = (parameters ?? '').replace('?', '').split(';').map(Number);
    if (final === 'H') this.moveTo(numbers[0] || 1, numbers[1] || 1);
    else if (final === 'J') this.clear();
    else if (final === 'K') this.eraseToEnd();
    else if (final === 'h' || final === 'l') this.setMode(numbers[0] ?? 0, final === 'h');
    else if (final !== 'm') throw new Error(`A terminal was sent ${JSON.stringify(whole)}`);
  }

  /** After the last column the cursor is still on it, as on terminals of the VT100 line. */
  private eraseToEnd(): void {
    this.cells[this.row]?.fill(' ', Math.min(this.column, this.columns - 1));
  }

  private moveTo(row: number, column: number): void {
    this.row = row - 1;
    this.column = column - 1;
  }

  private setMode(mode: number, isSet: boolean): void {
    if (mode === 1049) {
      if (isSet) this.entered += 1;
      this.isAlternate = isSet;
    }
    if (mode === 25) this.isCursorHidden = !isSet;
    if (mode === 7) this.wraps = isSet;
    if (mode === 2026 && isSet) this.updates += 1;
  }

  private put(text: string): void {
    // What is before and after is not drawn, and may wrap.
    if (!this.isAlternate) return;
    const cells = this.cells[this.row];
    if (!cells) throw new Error(`A terminal of ${this.rows} rows was sent text for row ${this.row + 1}`);
    for (const { segment } of segmenter.segment(text)) {
      const width = displayWidth(segment);
      if (this.column + width > this.columns) throw new Error(`Row ${this.row + 1} is too long: ${text}`);
      cells[this.column] = segment;
      for (let more = 1; more < width; more++) cells[this.column + more] = '';
      this.column += width;
    }
  }

  private clear(): void {
    this.cells = Array.from({ length: this.rows }, () => Array.from({ length: this.columns }, () => ' '));
  }
}
