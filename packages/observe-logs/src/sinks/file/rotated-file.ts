import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const digits = 8;
const form = /^\.(\d{8,15})(\.gz|\.gz\.partial)?$/;

/** A file that was complete when it was renamed; the greater the number, the newer. */
export interface RotatedFile {
  readonly number: number;
  readonly path: string;
  /** `partial`: a compression that was not finished. */
  readonly form: 'plain' | 'gzip' | 'partial';
}

/** `/var/log/all.ndjson.00000017`: names that sort as the files were written, whatever the clock said. */
export function rotatedPath(path: string, number: number): string {
  return `${path}.${String(number).padStart(digits, '0')}`;
}

/** From the oldest to the newest. */
export async function listRotatedFiles(path: string): Promise<RotatedFile[]> {
  const directory = dirname(path);
  const base = basename(path);
  return (await readdir(directory))
    .filter((name) => name.startsWith(base))
    .flatMap((name): RotatedFile[] => {
      const [, number, ending] = form.exec(name.slice(base.length)) ?? [];
      if (number === undefined) return [];
      return [{ number: Number(number), path: join(directory, name), form: formOf(ending) }];
    })
    .sort((left, right) => left.number - right.number);
}

function formOf(ending: string | undefined): RotatedFile['form'] {
  if (ending === undefined) return 'plain';
  return ending === '.gz' ? 'gzip' : 'partial';
}
