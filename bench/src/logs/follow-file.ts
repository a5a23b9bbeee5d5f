import { spawn } from 'node:child_process';
import { closeSync, type FSWatcher, openSync, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Follow, FollowTask, TakeLine } from './follower.js';

const chunkBytes = 64 * 1024;
const newline = 10;

/** The least that a reader in Node has to do: no daemon, no time, no transport. */
export function followFile({ path, argv }: Extract<FollowTask, { source: 'file' }>): Follow {
  return async function* (take, signal) {
    const output = openSync(path, 'w');
    const file = await open(path);
    const change = new Change(path, signal);
    const [command = '', ...args] = argv;
    const writer = spawn(command, args, { stdio: ['ignore', output, 'inherit'] });
    closeSync(output);
    try {
      const buffer = Buffer.alloc(chunkBytes);
      for (let position = 0; !signal.aborted; ) {
        change.forget();
        const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
        const taken = takeLines(buffer.subarray(0, bytesRead), take);
        position += taken;
        if (taken === 0) await change.wait();
        yield;
      }
    } finally {
      change.close();
      await file.close();
      writer.kill();
    }
  };
}

/** Whether a file has changed since it was looked at. */
class Change {
  private readonly watcher: FSWatcher;
  private hasChanged = false;
  private wake: () => void = () => undefined;

  constructor(path: string, signal: AbortSignal) {
    const changed = () => {
      this.hasChanged = true;
      this.wake();
    };
    this.watcher = watch(path, changed);
    signal.addEventListener('abort', changed, { once: true });
  }

  forget(): void {
    this.hasChanged = false;
  }

  async wait(): Promise<void> {
    if (this.hasChanged) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  close(): void {
    this.watcher.close();
  }
}

/** The whole lines; how many bytes they are. */
function takeLines(bytes: Buffer, take: TakeLine): number {
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    take(bytes.toString('utf8', start, end));
    start = end + 1;
  }
  return start;
}
