export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether to write colours: `FORCE_COLOR` decides (`0` and `false` mean no), then a non-empty `NO_COLOR` forbids
 * them (https://no-color.org), then it takes a terminal that is not `dumb`.
 */
export function wantsColours(isTerminal: boolean, environment: Environment): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (environment['NO_COLOR']) return false;
  return isTerminal && environment['TERM'] !== 'dumb';
}

const colourOfLevel: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 36,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 35,
};

export function colourLevel(text: string, level: string): string {
  const colour = colourOfLevel[level];
  return colour === undefined ? text : `\u001b[${colour}m${text}\u001b[39m`;
}

export function dim(text: string): string {
  return `\u001b[2m${text}\u001b[22m`;
}
