const codes = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  brightGreen: [92, 39],
  brightYellow: [93, 39],
  brightBlue: [94, 39],
  brightMagenta: [95, 39],
  brightCyan: [96, 39],
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
