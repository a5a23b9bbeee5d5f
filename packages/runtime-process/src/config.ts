import { z } from 'zod';
import { defaultProcessRuntimeOptions as defaults, type ProcessRuntimeOptions } from './process-runtime-options.js';

/** The backend's section in the config file, as the options of `ProcessRuntime`. */
export const processRuntimeConfig = z
  .strictObject({
    output_limit_bytes: z
      .int()
      .min(0)
      // Two channels have to fit into one gRPC message, 4 MiB by default.
      .max(1536 * 1024)
      .default(defaults.outputLimitBytes),
    output_budget_bytes: z.int().min(0).default(defaults.outputBudgetBytes),
    kill_grace_ms: z.int().min(0).max(600_000).default(defaults.killGraceMs),
    left_behind_grace_ms: z.int().min(0).max(600_000).default(defaults.leftBehindGraceMs),
    max_live_execs: z.int().min(1).max(65_536).default(defaults.maxLiveExecs),
    max_executables: z.int().min(1).max(65_536).default(defaults.maxExecutables),
    max_ended_executables: z.int().min(0).max(65_536).default(defaults.maxEndedExecutables),
    log_segment_bytes: z
      .int()
      .min(64 * 1024)
      // Whoever reads a log from somewhere in the middle goes through a segment.
      .max(128 * 1024 * 1024)
      .default(defaults.logSegmentBytes),
    log_segments: z.int().min(2).max(1000).default(defaults.logSegments),
    cgroup_parent: z.string().min(1).default(defaults.cgroupParent),
  })
  .transform(
    (config): ProcessRuntimeOptions => ({
      outputLimitBytes: config.output_limit_bytes,
      outputBudgetBytes: config.output_budget_bytes,
      killGraceMs: config.kill_grace_ms,
      leftBehindGraceMs: config.left_behind_grace_ms,
      maxLiveExecs: config.max_live_execs,
      maxExecutables: config.max_executables,
      maxEndedExecutables: config.max_ended_executables,
      logSegmentBytes: config.log_segment_bytes,
      logSegments: config.log_segments,
      cgroupParent: config.cgroup_parent,
    }),
  );
