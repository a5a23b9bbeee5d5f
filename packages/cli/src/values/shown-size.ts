const units = ['B', 'K', 'M', 'G', 'T', 'P', 'E'] as const;

/** Bytes for a person, in steps of 1024 and at most four digits: `0B`, `512K`, `1.5G`. */
export function shownSize(bytes: bigint | number): string {
  let size = Math.max(0, Number(bytes));
  let unit = 0;
  // 1023.6 would be shown as 1024.
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const hasFraction = unit > 0 && size < 9.95;
  return `${hasFraction ? size.toFixed(1).replace(/\.0$/, '') : Math.round(size)}${units[unit]}`;
}
