import { defineBackend } from '@aurae/proto';
import { z } from 'zod';
import { ConsoleLogSink } from '../console/console-log-sink.js';
import { logLevels } from '../../lines/log-level.js';

/** The log sink `stdout`: standard output of the daemon, as the console sink writes it. */
export const stdoutLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'stdout',
  options: z.strictObject({
    format: z.enum(['auto', 'pretty', 'json']).default('auto'),
    level: z.enum(logLevels).default('trace'),
  }),
  create: ({ format, level }) => new ConsoleLogSink({ stream: process.stdout, format, level }),
});
