/** The longest time that a timer can be set to. */
const maximumTimerMs = 2 ** 31 - 1;

/** Lets one task wait for what others tell it. What is told between `reset` and `wait` is not missed. */
export class WakeUp {
  private isAwake = false;
  private resume: (() => void) | undefined;

  reset(): void {
    this.isAwake = false;
  }

  wake(): void {
    this.isAwake = true;
    this.resume?.();
  }

  /** Waits until somebody has woken it since the last reset, or the time has passed. */
  async wait(timeoutMs = Infinity): Promise<void> {
    if (this.isAwake) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.resume = resolve;
      if (timeoutMs < Infinity) timer = setTimeout(resolve, Math.min(timeoutMs, maximumTimerMs));
    });
    clearTimeout(timer);
    this.resume = undefined;
  }
}
