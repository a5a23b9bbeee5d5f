import { type meta, onAbort } from '@aurae/proto';
import { keyText } from '../schedule/workload-key.js';

/** Wakes those who wait until something becomes of a workload, to look again at whatever concerns them. */
export class WorkloadPulse {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Something has changed about it. */
  beat(workload: meta.WorkloadReference): void {
    const text = keyText(workload);
    const wakes = this.waiting.get(text);
    this.waiting.delete(text);
    for (const wake of wakes ?? []) wake();
  }

  /** Resolves with the next change, or when the signal aborts. Ask for it before you look: nothing is missed then. */
  next(workload: meta.WorkloadReference, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const text = keyText(workload);
      const wakes = this.waiting.get(text) ?? new Set();
      this.waiting.set(text, wakes);
      const wake = (): void => {
        ignoreAbort();
        wakes.delete(wake);
        if (wakes.size === 0 && this.waiting.get(text) === wakes) this.waiting.delete(text);
        resolve();
      };
      wakes.add(wake);
      const ignoreAbort = onAbort(signal, wake);
      if (signal.aborted) wake();
    });
  }
}
