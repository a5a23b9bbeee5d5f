import { backendProtocolVersion, isAuraeError, meta } from '@aurae/proto';
import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const { HEALTH_STATE_SERVING, HEALTH_STATE_DEGRADED, HEALTH_STATE_UNAVAILABLE } = meta.HealthState;

/** What is wrong, and what to do about it, each a sentence without its full stop. */
export interface SinkTrouble {
  readonly reason: string;
  readonly remedy: string;
}

/** Records of a batch that the receiver, though it took the others, does not want for good. */
export interface Rejection extends SinkTrouble {
  readonly records: number;
}

/** What a log sink tells of itself: its counts, and its health as the newest batch left it. */
export class SinkReport {
  private writtenRecords = 0;
  private rejectedRecords = 0;
  private failedWrites = 0;
  private health: meta.Health = { state: HEALTH_STATE_SERVING, reason: '', remedy: '' };

  /** @param remedy what to do about a failed write whose error does not tell */
  constructor(
    private readonly name: string,
    private readonly remedy: string,
  ) {}

  /** Runs the write of so many records, and remembers how it ended. */
  async track(records: number, write: () => Promise<Rejection | undefined | void>): Promise<void> {
    try {
      const rejection = await write();
      const rejected = rejection?.records ?? 0;
      this.writtenRecords += records - rejected;
      this.rejectedRecords += rejected;
      const { reason, remedy } = rejection ?? { reason: '', remedy: '' };
      this.health = { state: rejection ? HEALTH_STATE_DEGRADED : HEALTH_STATE_SERVING, reason, remedy };
    } catch (error) {
      this.failedWrites += 1;
      const state = isUnavailable(error) ? HEALTH_STATE_UNAVAILABLE : HEALTH_STATE_DEGRADED;
      this.health = { state, reason: messageOf(error), remedy: this.remedy };
      throw error;
    }
  }

  /** @param lacking what the host lacks, while nothing has been written yet */
  describe(details: Readonly<Record<string, string>>, lacking?: SinkTrouble): meta.BackendDescription {
    const isUntried = this.writtenRecords === 0 && this.failedWrites === 0;
    return {
      name: this.name,
      version,
      protocolVersion: backendProtocolVersion,
      capabilities: ['Write', 'Flush'],
      health: lacking && isUntried ? { state: HEALTH_STATE_UNAVAILABLE, ...lacking } : this.health,
      details: {
        writtenRecords: `${this.writtenRecords}`,
        rejectedRecords: `${this.rejectedRecords}`,
        failedWrites: `${this.failedWrites}`,
        ...details,
      },
    };
  }
}

/** The message of an error; its code when it has none, as that of several attempts to connect. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}

function isUnavailable(error: unknown): boolean {
  return isAuraeError(error) && error.reason === 'UNAVAILABLE';
}
