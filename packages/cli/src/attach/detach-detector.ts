/**
 * Finds the keys that detach in what is typed. The beginning of the keys is held back until it is clear whether the
 * rest follows.
 */
export class DetachDetector {
  private held: number[] = [];
  private isFound = false;

  constructor(private readonly keys: Uint8Array) {}

  /** Whether the keys were typed: what came after them is nobody's. */
  get found(): boolean {
    return this.isFound;
  }

  /** What of the input is not part of the keys. */
  pass(input: Uint8Array): Uint8Array {
    const passed: number[] = [];
    for (const byte of input) {
      if (this.isFound) break;
      this.held.push(byte);
      while (!this.beginsKeys()) passed.push(this.held.shift() as number);
      this.isFound = this.held.length === this.keys.length;
    }
    return Uint8Array.from(passed);
  }

  private beginsKeys(): boolean {
    return this.held.every((byte, index) => byte === this.keys[index]);
  }
}
