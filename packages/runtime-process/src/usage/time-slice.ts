import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long the event loop is kept from everybody else at a time. */
const sliceMs = 2;

/** Cuts long work into slices. */
export class TimeSlice {
  private endsAt = performance.now() + sliceMs;

  /** Whether it is somebody else's turn: then `yield`. */
  get isOver(): boolean {
    return performance.now() >= this.endsAt;
  }

  /** Resolves when it is this work's turn again. */
  async yield(): Promise<void> {
    await nextTurn();
    this.endsAt = performance.now() + sliceMs;
  }
}
