import { randomBytes } from 'node:crypto';
import type { IdGenerator } from '@opentelemetry/sdk-trace';

/** Random ids, but for a span that goes on under the one that it had. */
export class PrescribedIds implements IdGenerator {
  private spanId: string | undefined;

  /** The span that this starts, the first one, gets this id. */
  prescribe<Result>(spanId: string, start: () => Result): Result {
    this.spanId = spanId;
    try {
      return start();
    } finally {
      this.spanId = undefined;
    }
  }

  generateTraceId(): string {
    return randomId(16);
  }

  generateSpanId(): string {
    const spanId = this.spanId ?? randomId(8);
    this.spanId = undefined;
    return spanId;
  }
}

/** Never all zero, which means none. */
function randomId(bytes: number): string {
  const id = randomBytes(bytes);
  if (id.every((byte) => byte === 0)) id[bytes - 1] = 1;
  return id.toString('hex');
}
