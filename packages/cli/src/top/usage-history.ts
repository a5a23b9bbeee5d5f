import type { observe } from '@aurae/proto';
import { keyOfReference } from '../schedule/workload-key.js';
import { type MeasuredUsage, textOfKey, trendLength } from './top-workload.js';

interface Sampled extends MeasuredUsage {
  readonly monotonicMs: number;
}

/** Makes rates of samples, and keeps the last minute's or so of what lives. */
export class UsageHistory {
  private measured = new Map<string, Sampled>();

  add({ workloads, monotonicMs }: observe.GetWorkloadUsageResponse): void {
    const before = this.measured;
    this.measured = new Map();
    for (const usage of workloads) {
      const key = keyOfReference(usage.workload);
      if (!key) continue;
      const text = textOfKey(key);
      this.measured.set(text, next(usage, Number(monotonicMs), before.get(text)));
    }
  }

  of(text: string): MeasuredUsage | undefined {
    return this.measured.get(text);
  }

  all(): Iterable<MeasuredUsage> {
    return this.measured.values();
  }
}

function next(usage: observe.WorkloadUsage, monotonicMs: number, before: Sampled | undefined): Sampled {
  const cpuPercent = rateOf(usage, monotonicMs, before);
  return {
    usage,
    monotonicMs,
    // Asked twice in no time, it is what it was.
    cpuPercent: cpuPercent ?? (isSameRun(usage, before) ? before?.cpuPercent : undefined),
    cpuTrend: cpuPercent === undefined ? (before?.cpuTrend ?? []) : grown(before?.cpuTrend, cpuPercent),
    memoryTrend: grown(before?.memoryTrend, Number(usage.memoryBytes)),
  };
}

/** Counters begin anew with each run; summed over processes they may also go back. */
function rateOf(usage: observe.WorkloadUsage, monotonicMs: number, before: Sampled | undefined): number | undefined {
  const elapsedMs = before ? monotonicMs - before.monotonicMs : 0;
  if (!before || !isSameRun(usage, before) || elapsedMs <= 0) return undefined;
  const usedMs = Number(usage.cpuUs - before.usage.cpuUs) / 1000;
  return Math.max(0, (100 * usedMs) / elapsedMs);
}

function isSameRun(usage: observe.WorkloadUsage, before: Sampled | undefined): boolean {
  return before?.usage.startedAtMs === usage.startedAtMs;
}

function grown(trend: readonly number[] = [], value: number): readonly number[] {
  return [...trend.slice(1 - trendLength), value];
}
