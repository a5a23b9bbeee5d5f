import { existsSync } from 'node:fs';
import type { KeptLog, meta, WorkloadLogKeeper } from '@aurae/proto';

/** Keeps nothing, and remembers what it was asked for. */
export class FakeLogKeeper implements WorkloadLogKeeper {
  readonly kept: FakeKeptLog[] = [];

  keep(workload: meta.WorkloadReference, directory: string): KeptLog {
    const log = new FakeKeptLog(workload, directory);
    this.kept.push(log);
    return log;
  }

  /** Names of those that are kept now. */
  get names(): string[] {
    return this.kept.filter(({ releases }) => releases === 0).map(({ workload }) => workload.name);
  }
}

export class FakeKeptLog implements KeptLog {
  readonly bytes = 4711;
  rotations = 0;
  releases = 0;
  /** Whether the log was there when it was let go of. */
  wasThere: boolean | undefined;
  /** What the release waits for. */
  releasing: Promise<void> = Promise.resolve();

  constructor(
    readonly workload: meta.WorkloadReference,
    readonly directory: string,
  ) {}

  rotated(): void {
    this.rotations += 1;
  }

  async release(): Promise<void> {
    this.releases += 1;
    await this.releasing;
    this.wasThere = existsSync(this.directory);
  }
}
