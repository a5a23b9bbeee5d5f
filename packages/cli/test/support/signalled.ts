/** Something that a test waits for, and whoever does it announces. */
export class Signalled<Value = void> {
  readonly promise: Promise<Value>;
  announce!: (value: Value) => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.announce = resolve;
    });
  }
}
