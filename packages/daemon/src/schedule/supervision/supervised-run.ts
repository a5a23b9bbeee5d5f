/** Why the schedule stops a run. */
export type StopCause =
  /** Nothing is to run. */
  | { readonly kind: 'not-wanted' }
  /** Its spec is no longer the one that was decided on. */
  | { readonly kind: 'replaced' }
  /** It did not become ready in time, or its liveness probe failed. */
  | { readonly kind: 'unwell'; readonly reason: string };

/** A run that the schedule has started and that has not ended, as far as is known. */
export class SupervisedRun {
  phase: 'starting' | 'running' = 'starting';
  pid = 0;
  /** Unix milliseconds; 0 while it is starting. */
  startedAtMs = 0;
  isReady = false;
  /** Why its probe has not passed yet, for a person. */
  notReadyBecause = '';
  stopCause: StopCause | undefined;
  /** Resolves when it has ended. */
  readonly gone: Promise<void>;
  private readonly over = new AbortController();

  constructor(
    readonly id: string,
    readonly revision: number,
    /** By the monotonic clock. */
    readonly begunAt: number,
  ) {
    this.gone = new Promise((resolve) => {
      this.over.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Aborts when it has ended, or nobody looks after it any more. */
  get signal(): AbortSignal {
    return this.over.signal;
  }

  end(): void {
    this.over.abort();
  }
}
