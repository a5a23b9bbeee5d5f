import { setTimeout as delay } from 'node:timers/promises';
import { descendantsOf, killIfAlive, shimsBelow } from './process-list.js';

const pauseMs = 20;
const limitMs = 10_000;

/** Executables outlive their daemon: whatever runs on below the directory is killed. Their shims end with them. */
export async function endExecutables(directory: string): Promise<void> {
  const limit = performance.now() + limitMs;
  for (let shims = shimsBelow(directory); shims.length > 0; shims = shimsBelow(directory)) {
    if (performance.now() > limit) throw new Error(`the shims ${shims.join(', ')} do not end`);
    for (const pid of shims.flatMap(descendantsOf)) killIfAlive(pid);
    await delay(pauseMs);
  }
}
