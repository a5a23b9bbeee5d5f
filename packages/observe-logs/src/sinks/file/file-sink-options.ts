import { z } from 'zod';
import { absolutePath } from '../absolute-path.js';

const mebibyte = 1024 * 1024;

export const fileSinkOptions = z.strictObject({
  path: absolutePath,
  /** A batch that would make the file larger begins a new one. */
  rotate_bytes: z
    .int()
    .min(64 * 1024)
    .max(1024 ** 4)
    .default(64 * mebibyte),
  /** How many files stay beside the one that is written to. */
  keep_files: z.int().min(0).max(10_000).default(10),
  /** Replaces those files by gzip files. */
  compress: z.boolean().default(true),
  /** `batch`: each batch is on the disk before it counts as accepted (fdatasync). */
  sync: z.enum(['none', 'batch']).default('none'),
});

export type FileSinkOptions = z.output<typeof fileSinkOptions>;
