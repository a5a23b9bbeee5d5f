import type { AuraeClient } from '@aurae/client';
import { observe } from '@aurae/proto';
import { asItComes } from '../following/as-it-comes.js';
import type { LogChannel } from './log-entry.js';

const channelTypes = {
  stdout: observe.LogChannelType.CHANNEL_STDOUT,
  stderr: observe.LogChannelType.CHANNEL_STDERR,
} as const satisfies Record<LogChannel, observe.LogChannelType>;

/** The output of a process until it ends, both channels unless one is asked for: each is a call of its own. */
export class ProcessLog {
  private readonly channels: readonly LogChannel[];
  /** What was read of each: a call begins anew with the first line. */
  private readonly seen = new Map<LogChannel, bigint>();

  constructor(
    private readonly client: AuraeClient,
    private readonly pid: number,
    channel: LogChannel | undefined,
  ) {
    this.channels = channel === undefined ? ['stdout', 'stderr'] : [channel];
  }

  /** Goes on after what was read before. */
  read(signal: AbortSignal): AsyncIterable<observe.LogItem[]> {
    const streams = this.channels.map((channel) => (own: AbortSignal) => this.readChannel(channel, own));
    return asItComes(streams, signal);
  }

  private async *readChannel(channel: LogChannel, signal: AbortSignal): AsyncGenerator<observe.LogItem[]> {
    const request = { channelType: channelTypes[channel], processId: this.pid };
    for await (const item of this.client.observe.getSubProcessStream(request, { signal })) {
      const isSeen = item.sequence > 0n && item.sequence <= (this.seen.get(channel) ?? 0n);
      if (isSeen) continue;
      this.seen.set(channel, item.sequence);
      yield [{ ...item, channel }];
    }
  }
}
