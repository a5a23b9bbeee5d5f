import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { FailedPreconditionError, ResourceExhaustedError } from '@aurae/proto';
import { errorCode } from './error-code.js';

export interface DirectoryWatchListener {
  /** Something was written. `isListing`: files may have come or gone. */
  changed(isListing: boolean): void;
  failed(error: Error): void;
}

/**
 * Tells, by inotify, when something in a directory changes. While the directory is absent, its nearest parent is
 * watched until it is there.
 */
export class DirectoryWatch {
  private readonly directory: string;
  private readonly watchers: FSWatcher[] = [];
  private watched = '';

  constructor(
    directory: string,
    private readonly listener: DirectoryWatchListener,
  ) {
    this.directory = resolve(directory);
  }

  get isArmed(): boolean {
    return this.watchers.length > 0;
  }

  /** What happens from now on is told. @throws ResourceExhaustedError when the host's limit of watches is reached */
  arm(): void {
    let path = this.directory;
    let child = path;
    for (;;) {
      this.close();
      if (!this.tryToArm(path)) {
        child = path;
        path = dirname(path);
      } else if (path !== this.directory && existsSync(child)) {
        // Made before its parent was watched.
        path = child = this.directory;
      } else return;
    }
  }

  /** Twice is harmless. */
  close(): void {
    for (const watcher of this.watchers.splice(0)) watcher.close();
  }

  private tryToArm(path: string): boolean {
    const parent = dirname(path);
    this.watched = path;
    try {
      // The parent first: if the directory is another one by the next line, that is told. The directory's own watch
      // would not tell that it is removed while a file of it is open.
      if (parent !== path) this.watchParent(parent, basename(path));
      this.watch(path, (event, name) => this.onChange(event, name));
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && path !== parent) return false;
      throw watchError(this.directory, error);
    }
  }

  private watchParent(path: string, child: string): void {
    try {
      this.watch(path, (event, name) => {
        if (event !== 'change' && (name === null || String(name) === child)) this.rearm();
      });
    } catch (error) {
      if (errorCode(error) !== 'EACCES') throw error;
    }
  }

  private watch(path: string, onChange: (event: string, name: string | Buffer | null) => void): void {
    const watcher = watch(path);
    watcher.on('change', onChange);
    watcher.on('error', (error) => this.listener.failed(watchError(this.directory, error)));
    this.watchers.push(watcher);
  }

  private onChange(event: string, name: string | Buffer | null): void {
    const isListing = event !== 'change';
    // A directory that is moved tells its own name.
    const isMoved = isListing && (name === null || String(name) === basename(this.watched));
    if (isMoved || this.watched !== this.directory) this.rearm();
    else this.listener.changed(isListing);
  }

  private rearm(): void {
    try {
      this.arm();
    } catch (error) {
      this.listener.failed(error as Error);
      return;
    }
    this.listener.changed(true);
  }
}

function watchError(directory: string, error: unknown): Error {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EMFILE') {
    const key = code === 'ENOSPC' ? 'max_user_watches' : 'max_user_instances';
    const message = `Cannot follow the log in "${directory}": the host's limit of inotify watches is reached (${code}). Raise it with sysctl fs.inotify.${key}, and if need be fs.inotify.max_user_watches`;
    return new ResourceExhaustedError(message, { cause: error });
  }
  const message = `Cannot follow the log in "${directory}": ${(error as Error).message}`;
  return new FailedPreconditionError(message, { cause: error });
}
