import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Configures the daemon that is to run below `root`. */
export function writeConfig(root: string, config: string): void {
  mkdirSync(join(root, 'etc/aurae'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'etc/aurae/auraed.toml'), config);
}

/** Whatever is logged stays, and as it was written. */
export const wholeLogs = `[workload_logs]
max_bytes_per_workload = 0
max_bytes = 0
compress = false

[backends.executable.options]
log_segments = 1000
`;
