/** A field of a cron expression. */
export interface CronField {
  readonly name: string;
  /** For a person: what it may be, apart from lists, ranges and steps. */
  readonly allowed: string;
  readonly lowest: number;
  readonly highest: number;
}

/** In the order of an expression with six fields; one with five begins with the minute. */
export const cronFields: readonly CronField[] = [
  { name: 'second', allowed: '0 to 59', lowest: 0, highest: 59 },
  { name: 'minute', allowed: '0 to 59', lowest: 0, highest: 59 },
  { name: 'hour', allowed: '0 to 23', lowest: 0, highest: 23 },
  { name: 'day of the month', allowed: '1 to 31, or L for the last', lowest: 1, highest: 31 },
  { name: 'month', allowed: '1 to 12, or JAN to DEC', lowest: 1, highest: 12 },
  { name: 'day of the week', allowed: '0 to 7 (0 and 7 are Sunday), or SUN to SAT', lowest: 0, highest: 7 },
];

/** A piece of the expression, and where it stands: columns count from 1. What stands before the first fault is ASCII. */
export interface CronPiece {
  readonly text: string;
  readonly column: number;
}

export function splitCron(expression: string): CronPiece[] {
  return [...expression.matchAll(/\S+/g)].map(({ 0: text, index }) => ({
    text,
    column: index + 1,
  }));
}

export function splitList({ text, column }: CronPiece): CronPiece[] {
  let next = column;
  return text.split(',').map((item) => {
    const piece = { text: item, column: next };
    next += item.length + 1;
    return piece;
  });
}
