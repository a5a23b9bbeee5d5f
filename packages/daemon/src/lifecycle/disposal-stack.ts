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
  private readonly entries: { readonly name: string; readonly dispose: Disposer; readonly timeoutMs: number }[] = [];

  constructor(
    private readonly onFailure: (failure: DisposalFailure) => void,
    private readonly timeoutMs = defaultTimeoutMs,
  ) {}

  /** @param timeoutMs how long it may take before the others go on without it */
  defer(name: string, dispose: Disposer, timeoutMs = this.timeoutMs): void {
    this.entries.push({ name, dispose, timeoutMs });
  }

  async dispose(): Promise<void> {
    for (let entry = this.entries.pop(); entry; entry = this.entries.pop()) {
      try {
        await this.bounded(entry);
      } catch (error) {
        this.onFailure({ name: entry.name, error });
      }
    }
  }

  private async bounded({
    dispose,
    timeoutMs,
  }: {
    readonly dispose: Disposer;
    readonly timeoutMs: number;
  }): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`It did not end within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([dispose(), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
