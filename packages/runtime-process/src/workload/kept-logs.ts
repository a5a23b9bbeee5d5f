import { type KeptLog, meta, type WorkloadLogKeeper } from '@aurae/proto';
import type { WorkloadDirectory } from './workload-directory.js';

/** Has the logs of workloads kept within their bounds, where somebody does that. */
export class KeptLogs {
  /** By path of the workload. */
  private readonly logs = new Map<string, KeptLog>();

  constructor(private readonly keeper: WorkloadLogKeeper | undefined) {}

  /** From now on, for as long as the workload is known. Twice is harmless. */
  keep(name: string, { path, logPath }: WorkloadDirectory): void {
    if (!this.keeper || this.logs.has(path)) return;
    const kind = meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE;
    this.logs.set(path, this.keeper.keep({ kind, name }, logPath));
  }

  /** Something was heard of its writer. */
  mayHaveRotated({ path }: WorkloadDirectory): void {
    this.logs.get(path)?.rotated();
  }

  /** On disk; 0 where nobody knows. */
  bytesOf({ path }: WorkloadDirectory): number {
    return this.logs.get(path)?.bytes ?? 0;
  }

  /** Resolves once nobody touches the files of that log any more. */
  async release({ path }: WorkloadDirectory): Promise<void> {
    const log = this.logs.get(path);
    this.logs.delete(path);
    await log?.release();
  }

  async releaseAll(): Promise<void> {
    const logs = [...this.logs.values()];
    this.logs.clear();
    await Promise.all(logs.map((log) => log.release()));
  }
}
