import { defineBackend } from '@aurae/proto';
import { z } from 'zod';
import { absolutePath } from '../absolute-path.js';
import { longestSocketPathBytes } from '../unix/socket-path.js';

const options = z.strictObject({
  socket: absolutePath
    .refine((path) => Buffer.byteLength(path) <= longestSocketPathBytes, { error: 'a path of at most 107 bytes' })
    .default('/run/systemd/journal/socket'),
  /** Longer lines are cut. The kernel's own limit is that of a send buffer, 208 KiB by default. */
  max_entry_bytes: z
    .int()
    .min(2048)
    .max(1024 * 1024)
    .default(128 * 1024),
});

/** The log sink `journald`: the journal of systemd, by its native protocol. */
export const journaldLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'journald',
  options,
  create: async ({ socket, max_entry_bytes: limitBytes }) =>
    new (await import('./journald-log-sink.js')).JournaldLogSink({ socket, limitBytes }),
});
