import { defineBackend } from '@aurae/proto';
import { fileSinkOptions } from './file-sink-options.js';

/** The log sink `file`: JSON lines in a file that is rotated. */
export const fileLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'file',
  options: fileSinkOptions,
  create: async (options) => new (await import('./file-log-sink.js')).FileLogSink(options),
});
