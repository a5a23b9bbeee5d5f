import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where nobody could wake it again, the system does not stop it: then it goes on after this. */
const unstoppedMs = 100;

/** Stops this process and those of its job, as Ctrl-Z does where a terminal is not raw. Resolves once it goes on. */
export async function suspend(): Promise<void> {
  const over = new AbortController();
  const continued = once(process, 'SIGCONT', { signal: over.signal });
  process.kill(0, 'SIGTSTP');
  try {
    await Promise.race([continued, sleep(unstoppedMs, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
    await continued.catch(() => undefined);
  }
}
