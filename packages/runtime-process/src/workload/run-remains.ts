import { rm } from 'node:fs/promises';
import type { CgroupHost } from '../cgroup/cgroup-host.js';
import type { ProcessIdentity } from '../process-identity.js';
import type { ProcessScanner } from '../process-scanner.js';
import { endOrphans } from './end-orphans.js';

/** Ends and removes what a run has left behind whose shim is dead. */
export class RunRemains {
  constructor(
    private readonly scanner: ProcessScanner,
    private readonly cgroups: CgroupHost,
    /** From TERM to KILL. */
    private readonly killGraceMs: number,
  ) {}

  async end(invocationId: string, main: ProcessIdentity | undefined, socket: string): Promise<void> {
    await endOrphans(this.scanner, main, invocationId, this.killGraceMs);
    await this.cgroups.cleanUp(invocationId);
    await rm(socket, { force: true });
  }
}
