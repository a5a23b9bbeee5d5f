import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { bigHeapFlag } from './big-heap.js';
import type { StartedProcess } from './child-processes.js';
import type { Workspace } from './workspace.js';

const auraed = fileURLToPath(new URL('../../packages/daemon/bin/auraed.js', import.meta.url));
const auraedWithHeap = fileURLToPath(new URL('auraed-with-heap.js', import.meta.url));

/** Starts a real daemon with everything below `root`, and waits until it serves. */
export async function startDaemon({ children }: Workspace, root: string, bigHeap: boolean): Promise<StartedProcess> {
  const program = bigHeap ? [bigHeapFlag, auraedWithHeap] : [auraed];
  const started = children.start(process.execPath, [...program, '--root', root, '--log-level', 'warn'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await started.unlessEnded(heard(started.process.stdout as Readable, 'serves on'));
  return started;
}

/** Goes on reading afterwards, so that the writer never waits. */
function heard(stream: Readable, text: string): Promise<void> {
  return new Promise((resolve) => {
    let said = '';
    const listen = (chunk: string) => {
      said += chunk;
      if (!said.includes(text)) return;
      stream.off('data', listen).resume();
      resolve();
    };
    stream.setEncoding('utf8').on('data', listen);
  });
}
