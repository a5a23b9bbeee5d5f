import type { AuraeClient } from '@aurae/client';
import { observe } from '@aurae/proto';
import type { Interruption } from '../interruption.js';
import type { LogsOptions } from './logs-options.js';
import { LogWriter } from './log-writer.js';

const channels = {
  stdout: observe.LogChannelType.CHANNEL_STDOUT,
  stderr: observe.LogChannelType.CHANNEL_STDERR,
} as const;

/** Both channels unless one is asked for: each is a call of its own, and the first failure ends both. */
export async function showProcessLog(
  client: AuraeClient,
  pid: number,
  options: LogsOptions,
  interruption: Interruption,
): Promise<void> {
  const wanted = options.channel === undefined ? (['stdout', 'stderr'] as const) : [options.channel];
  const over = new AbortController();
  const signal = AbortSignal.any([interruption.signal, over.signal]);
  const writer = new LogWriter(options);
  const showChannel = async (channel: keyof typeof channels) => {
    const request = { channelType: channels[channel], processId: pid };
    for await (const item of client.observe.getSubProcessStream(request, { signal })) {
      if (!(await interruption.race(writer.write([{ ...item, channel }])))) return over.abort(readerLeft);
    }
  };
  try {
    await Promise.all(wanted.map(showChannel));
  } catch (error) {
    over.abort(error);
    if (error !== readerLeft) throw error;
  }
}

const readerLeft = new Error('The reader left');
