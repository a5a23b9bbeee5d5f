import { exactDuration } from '../values/duration.js';

/** 0 means the default everywhere, as a missing key does. */
export function durationText(ms: number): string | undefined {
  return ms === 0 ? undefined : exactDuration(ms);
}
