import type { Clock } from '../clock.js';

/** The clock may be set meanwhile: it is looked at again after so long. */
const longestSleepMs = 3_600_000;

/** Calls back at a time, which may be changed until then. */
export class Alarm {
  private atMs = Infinity;
  private sleeping: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** @param atMs Unix milliseconds; Infinity: never */
  set(atMs: number): void {
    if (atMs === this.atMs) return;
    this.atMs = atMs;
    this.sleeping?.abort();
    this.sleeping = undefined;
    if (atMs < Infinity) void this.sleep(new AbortController());
  }

  close(): void {
    this.set(Infinity);
  }

  private async sleep(sleeping: AbortController): Promise<void> {
    this.sleeping = sleeping;
    const { signal } = sleeping;
    for (let leftMs = this.leftMs(); leftMs > 0 && !signal.aborted; leftMs = this.leftMs()) {
      await this.clock.sleep(Math.min(leftMs, longestSleepMs), signal).catch(() => undefined);
    }
    if (signal.aborted) return;
    this.atMs = Infinity;
    this.sleeping = undefined;
    this.ring();
  }

  private leftMs(): number {
    return this.atMs - this.clock.now();
  }
}
