import { createReadStream, existsSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** How far the lines of one workload are in an archive. */
export interface ArchivedWorkload {
  /** All numbers up to this one are there. */
  readonly upTo: number;
  /** How often it went back to numbers that were there already: what was sent again. */
  readonly repeats: number;
}

/** What the sink `file` writes: the file and those that it was before. Numbered lines in it look like `w3 4711 …`. */
export class LogArchive {
  constructor(readonly path: string) {}

  get bytes(): number {
    return this.files().reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** From the oldest to the newest. */
  files(): string[] {
    const directory = dirname(this.path);
    if (!existsSync(directory) || !statSync(directory).isDirectory()) return [];
    const name = basename(this.path);
    const rotated = readdirSync(directory).filter((other) => other.startsWith(`${name}.`));
    const numbered = rotated.sort((one, other) => numberOf(one) - numberOf(other));
    return [...numbered, ...(existsSync(this.path) ? [name] : [])].map((other) => join(directory, other));
  }

  /** Nobody can write to it any more: its directory is away, and a file is in its place. */
  takeAway(): void {
    renameSync(dirname(this.path), `${dirname(this.path)}.away`);
    writeFileSync(dirname(this.path), '');
  }

  bringBack(): void {
    unlinkSync(dirname(this.path));
    renameSync(`${dirname(this.path)}.away`, dirname(this.path));
  }

  /**
   * Reads all of it. Throws where a number of a workload is missing before another one, or comes in a wrong order: it may
   * only go on, or go back to where numbers are already, and on from there.
   */
  async check(): Promise<Map<string, ArchivedWorkload>> {
    const places = new Map<string, Place>();
    for (const path of this.files()) {
      for await (const line of linesOf(path)) note(line, path, places);
    }
    return new Map(Array.from(places, ([name, { upTo, repeats }]) => [name, { upTo, repeats }]));
  }
}

interface Place {
  last: number;
  upTo: number;
  repeats: number;
}

const numbered = /"message":"(w\d+) (\d+) /;

function note(line: string, path: string, places: Map<string, Place>): void {
  const [, name = '', digits] = numbered.exec(line) ?? [];
  if (!line.endsWith('}') || name === '')
    throw new Error(`In ${basename(path)}, not a numbered line: ${line.slice(0, 300)}`);
  const number = Number(digits);
  const place = places.get(name) ?? { last: 0, upTo: 0, repeats: 0 };
  places.set(name, place);
  if (number !== place.last + 1) {
    if (number > place.upTo + 1)
      throw new Error(`${name}: ${number} comes after ${place.last}, and ${place.upTo} was reached`);
    place.repeats += 1;
  }
  place.last = number;
  place.upTo = Math.max(place.upTo, number);
}

/** Without the tools for streams of lines, which take several times as long. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1024 * 1024 })) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') throw new Error(`${basename(path)} ends within a line`);
}

function numberOf(name: string): number {
  return Number(/\.(\d+)(?:\.gz)?$/.exec(name)?.[1] ?? 0);
}
