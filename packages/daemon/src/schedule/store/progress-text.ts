import { z } from 'zod';
import type { ScheduleProgress } from './schedule-store.js';

const outcome = z.object({
  endedAtMs: z.number(),
  exitCode: z.string(),
  signal: z.number(),
  outOfMemory: z.boolean(),
  message: z.string(),
  stopped: z.boolean().exactOptional(),
});

const progress = z.object({
  restarts: z.number(),
  lastOutcome: outcome.exactOptional(),
  lastRun: z.string().exactOptional(),
  lastDueMs: z.number().exactOptional(),
  readyRun: z.string().exactOptional(),
});

export function formatProgress(value: ScheduleProgress): string {
  return JSON.stringify(value);
}

/** No progress for what cannot be read: that is of no harm. */
export function parseProgress(text: string | null): ScheduleProgress {
  try {
    const result = progress.safeParse(JSON.parse(text ?? 'null'));
    return result.success ? result.data : { restarts: 0 };
  } catch {
    return { restarts: 0 };
  }
}
