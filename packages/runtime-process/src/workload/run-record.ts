import { runtime } from '@aurae/proto';
import { z } from 'zod';

/** What is written down of a run before it begins. */
export interface RunRecord {
  readonly name: string;
  /** Marks its processes and names its cgroup. */
  readonly invocationId: string;
  /** Of the boot in which it began, `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  readonly requestedAtMs: number;
  /** By its policy, since it was started. */
  readonly restarts: number;
  /** Those without a stable run between them. */
  readonly restartsInRow: number;
  readonly executable: runtime.Executable;
}

const recordVersion = 1;

const schema = z.object({
  version: z.literal(recordVersion),
  name: z.string(),
  invocationId: z.uuid(),
  bootId: z.string(),
  requestedAtMs: z.int(),
  restarts: z.int().min(0),
  restartsInRow: z.int().min(0),
  executable: z.record(z.string(), z.unknown()),
});

export function formatRunRecord(record: RunRecord): string {
  return `${JSON.stringify({ version: recordVersion, ...record, executable: runtime.Executable.toJSON(record.executable) })}\n`;
}

/** Throws for what is not a record of this version. */
export function parseRunRecord(text: string): RunRecord {
  const { executable, ...record } = schema.parse(JSON.parse(text));
  return { ...record, executable: runtime.Executable.fromJSON(executable) };
}
