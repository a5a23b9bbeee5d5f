import type { Paint, Style } from './terminal-style.js';

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Rows as lines of aligned columns, two spaces apart. Widths count UTF-16 units. */
export function formatColumns(rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach(({ text }, column) => {
      widths[column] = Math.max(widths[column] ?? 0, text.length);
    });
  }
  return rows.map((row) =>
    row
      .map(({ text, style }, column) => {
        const isLast = column === row.length - 1;
        return paint(style, text) + (isLast ? '' : ' '.repeat((widths[column] ?? 0) - text.length));
      })
      .join('  ')
      .trimEnd(),
  );
}
