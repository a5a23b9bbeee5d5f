import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildProcesses } from './child-processes.js';
import { Cleanup } from './cleanup.js';
import { endExecutables } from './end-executables.js';

/** Where a run keeps its files and processes. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  readonly children: ChildProcesses;
  /** Is called when the run ends, in whatever way. */
  atEnd(undo: () => void): void;
}

export function openWorkspace(): Workspace {
  const cleanup = new Cleanup();
  const directory = mkdtempSync(join(tmpdir(), 'aurae-bench-'));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  cleanup.defer(() => endExecutables(directory));
  const children = new ChildProcesses();
  cleanup.defer(() => children.stopAll());
  return { directory, children, atEnd: (undo) => cleanup.defer(undo), [Symbol.asyncDispose]: () => cleanup.run() };
}
