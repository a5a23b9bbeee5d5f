/** The formats of a workload file. Both have the same keys. */
export type FileFormat = 'toml' | 'json';

/** Of the file's name; undefined where that does not tell. */
export function formatOfName(path: string): FileFormat | undefined {
  if (/\.json$/i.test(path)) return 'json';
  return /\.toml$/i.test(path) ? 'toml' : undefined;
}
