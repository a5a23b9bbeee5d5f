import type { ScheduleClock } from '../schedule-clock.js';

/** At most one call in the future, which may be taken back. */
export class Wait {
  private cancelCall: (() => void) | undefined;

  constructor(private readonly clock: ScheduleClock) {}

  get isOn(): boolean {
    return this.cancelCall !== undefined;
  }

  /** In the place of what was waited for before. */
  begin(milliseconds: number, then: () => void): void {
    this.cancel();
    this.cancelCall = this.clock.after(milliseconds, () => {
      this.cancelCall = undefined;
      then();
    });
  }

  cancel(): void {
    this.cancelCall?.();
    this.cancelCall = undefined;
  }
}
