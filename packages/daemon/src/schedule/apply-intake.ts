import { DeadlineExceededError, ResourceExhaustedError, schedule, unlessAborted } from '@aurae/proto';

/** Of one Apply. */
const mostRecords = 100_000;
/** Of all Applies of the node together, as they lie in memory: some 30 MB are 10,000 workloads. */
const mostBytes = 256 * 1024 * 1024;
/** What a record takes in memory beside its own bytes. */
const recordOverheadBytes = 2048;
/** Between two messages of one Apply. */
const idleTimeoutMs = 60_000;

/** Bounds what callers of Apply make the daemon hold. */
export class ApplyIntakes {
  private heldBytes = 0;

  begin(): Intake {
    return new Intake((bytes) => this.reserve(bytes));
  }

  private reserve(bytes: number): void {
    if (this.heldBytes + bytes > mostBytes) {
      throw new ResourceExhaustedError(
        `Cannot apply: all that is being applied takes more than ${mostBytes} bytes. Wait for others, or apply less at a time`,
      );
    }
    this.heldBytes += bytes;
  }
}

/** What one caller has sent; given back when that is done with. */
export class Intake implements Disposable {
  private records = 0;
  private bytes = 0;

  constructor(private readonly reserve: (bytes: number) => void) {}

  /** Throws `ResourceExhaustedError` where that is too much. */
  take(request: schedule.ApplyRequest): void {
    this.records += request.records.length;
    if (this.records > mostRecords) {
      throw new ResourceExhaustedError(`Cannot apply: at most ${mostRecords} workloads are taken at a time`);
    }
    const encodedBytes = schedule.ApplyRequest.encode(request).finish().length;
    const bytes = encodedBytes + request.records.length * recordOverheadBytes;
    this.reserve(bytes);
    this.bytes += bytes;
  }

  /** The next message, unless it takes too long. */
  async within<Value>(next: Promise<Value>, signal: AbortSignal): Promise<Value> {
    const idle = new AbortController();
    const timer = setTimeout(() => {
      idle.abort(
        new DeadlineExceededError(`Cannot apply: nothing came for ${idleTimeoutMs / 1000} s, and the end neither`),
      );
    }, idleTimeoutMs);
    try {
      return await unlessAborted(next, AbortSignal.any([signal, idle.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.reserve(-this.bytes);
    this.bytes = 0;
  }
}
