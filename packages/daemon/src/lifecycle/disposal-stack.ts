type Disposer = () => void | Promise<void>;

/** What went wrong while a named thing was disposed. */
export interface DisposalFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Longer than any part of the daemon takes: one that hangs must not keep the others from their end. */
const defaultTimeoutMs = 60_000;

/**
 * Owns what the daemon made, and ends it in the reverse of the order in which it was made. One that fails is
 * reported and the others still run. Disposing twice is harmless.
 */
export class DisposalStack {
  private readonly entries: { readonly name: string; readonly dispose: Disposer }[] = [];

  constructor(
    private readonly onFailure: (failure: DisposalFailure) => void,
    private readonly timeoutMs = defaultTimeoutMs,
  ) {}

  defer(name: string, dispose: Disposer): void {
    this.entries.push({ name, dispose });
  }

  async dispose(): Promise<void> {
    for (let entry = this.entries.pop(); entry; entry = this.entries.pop()) {
      try {
        await this.bounded(entry.dispose);
      } catch (error) {
        this.onFailure({ name: entry.name, error });
      }
    }
  }

  private async bounded(dispose: Disposer): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`It did not end within ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      await Promise.race([dispose(), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
