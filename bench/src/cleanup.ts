type Undo = () => void | Promise<void>;

/** What this run has made and must not leave behind. It is undone in reverse, once. */
export class Cleanup {
  private readonly undos: Undo[] = [];
  private done: Promise<void> | undefined;

  defer(undo: Undo): void {
    this.undos.push(undo);
  }

  run(): Promise<void> {
    this.done ??= this.undoAll();
    return this.done;
  }

  private async undoAll(): Promise<void> {
    for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`bench: cannot clean up: ${String(error)}\n`);
      }
    }
  }
}
