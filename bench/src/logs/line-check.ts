/** Of a line of `native/write-lines.c`, with its break. */
export const lineBytes = 100;
const digits = 10;

/** Whether every line comes, once and in its turn. */
export class LineCheck {
  /** Of the last line that came. */
  lastNumber: number;
  received = 0;
  /** Numbers that were left out. */
  lost = 0;
  /** Records that were left out, and of which the reader was not told. */
  untold = 0;
  /** Lines that came again, or after their turn, or that are none. */
  misplaced = 0;

  /** `first`: number of the line that comes first. */
  constructor(first = 1) {
    this.lastNumber = first - 1;
  }

  take(line: string, untold = 0): void {
    const number = Number(line.slice(0, digits));
    this.received += 1;
    this.untold += Math.abs(untold);
    if (number > this.lastNumber) {
      this.lost += number - this.lastNumber - 1;
      this.lastNumber = number;
    } else this.misplaced += 1;
  }
}
