import { defineBackend } from '@aurae/proto';
import { z } from 'zod';
import { ConsoleLogSink } from './console-log-sink.js';
import { logLevels } from '../../lines/log-level.js';

const options = z.strictObject({
  stream: z.enum(['stderr', 'stdout']).default('stderr'),
  format: z.enum(['auto', 'pretty', 'json']).default('auto'),
  /** The least important level to write. Default: all that the daemon's own level lets through. */
  level: z.enum(logLevels).default('trace'),
});

/** The log sink `console`: standard error or standard output of the daemon. */
export const consoleLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'console',
  options,
  create: ({ stream, format, level }) => new ConsoleLogSink({ stream: process[stream], format, level }),
});
