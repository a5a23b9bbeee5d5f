import type { Paint, Style } from './terminal-style.js';
import { wrapWords } from './wrap-words.js';

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export const gap = '  ';
/** Below this a column is no help: the terminal itself breaks its lines then. */
export const minimumLastWidth = 20;

/** How a text is made to fit a width: as one line or more. */
export type Fit = (text: string, width: number) => string[];

/**
 * Rows as lines of aligned columns, two spaces apart. Widths count UTF-16 units.
 *
 * @param lineWidth what the lines are to fit into. Default: no limit
 * @param fit what makes the last column fit. Default: it is wrapped
 */
export function formatColumns(
  rows: readonly (readonly Cell[])[],
  paint: Paint,
  lineWidth = Number.POSITIVE_INFINITY,
  fit: Fit = wrapWords,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach(({ text }, column) => {
      widths[column] = Math.max(widths[column] ?? 0, text.length);
    });
  }
  return rows.flatMap((row) => {
    const last = row.at(-1);
    const before = row.slice(0, -1).map(({ text, style }, column) => ({ text, style, width: widths[column] ?? 0 }));
    const indent = before.reduce((sum, { width }) => sum + width + gap.length, 0);
    const start = before.map(({ text, style, width }) => paint(style, text) + ' '.repeat(width - text.length) + gap);
    const lines = fit(last?.text ?? '', Math.max(minimumLastWidth, lineWidth - indent));
    return lines.map((line, index) =>
      `${index === 0 ? start.join('') : ' '.repeat(indent)}${paint(last?.style, line)}`.trimEnd(),
    );
  });
}
