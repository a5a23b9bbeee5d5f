const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof codes;

/** Dresses text in a style, or leaves it as it is. */
export type Paint = (style: Style | undefined, text: string) => string;

/** Colours are for a terminal, and for those who did not refuse them (https://no-color.org). */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Paint {
  const hasColours = stream.isTTY === true && !variables['NO_COLOR'] && variables['TERM'] !== 'dumb';
  return (style, text) => {
    if (!hasColours || style === undefined) return text;
    const [on, off] = codes[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
