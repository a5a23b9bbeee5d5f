import { statSync } from 'node:fs';
import type { StoreFiles } from './store-files.js';

/** The file of the store is not the one that was opened. */
export class StoreLostError extends Error {}

/**
 * Knows the files that were opened from others that have taken their names since: SQLite goes on to write to files that
 * nobody will ever find again.
 */
export class StoreWitness {
  private readonly opened: ReadonlyMap<string, string>;

  /** Once SQLite has made all of them. */
  constructor({ main, log }: StoreFiles) {
    this.opened = new Map([main, log].map((path) => [path, identityOf(path)]));
  }

  /** What has become of them, for a person; empty while they are the same. Takes some 10 µs. */
  get fault(): string {
    for (const [path, identity] of this.opened) {
      if (identityOf(path) !== identity) return `"${path}" was removed or replaced while auraed ran`;
    }
    return '';
  }

  /** Throws `StoreLostError` where they are others. */
  check(): void {
    const { fault } = this;
    if (fault !== '') throw new StoreLostError(fault);
  }
}

function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.dev}/${stat.ino}` : 'gone';
}
