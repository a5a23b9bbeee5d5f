type Disposer = () => void | Promise<void>;

/** What went wrong while a named thing was disposed. */
export interface DisposalFailure {
  readonly name: string;
  readonly error: unknown;
}

/**
 * Owns what the daemon made, and ends it in the reverse of the order in which it was made. One that fails is
 * reported and the others still run. Disposing twice is harmless.
 */
export class DisposalStack {
  private readonly entries: { readonly name: string; readonly dispose: Disposer }[] = [];

  constructor(private readonly onFailure: (failure: DisposalFailure) => void) {}

  defer(name: string, dispose: Disposer): void {
    this.entries.push({ name, dispose });
  }

  async dispose(): Promise<void> {
    for (let entry = this.entries.pop(); entry; entry = this.entries.pop()) {
      try {
        await entry.dispose();
      } catch (error) {
        this.onFailure({ name: entry.name, error });
      }
    }
  }
}
