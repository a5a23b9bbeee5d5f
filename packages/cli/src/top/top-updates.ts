import { setTimeout as sleep } from 'node:timers/promises';
import type { AuraeClient } from '@aurae/client';
import { isAuraeError } from '@aurae/proto';
import type { DaemonComeback } from '../following/daemon-comeback.js';
import { isOutOfReach } from '../following/is-out-of-reach.js';
import type { TopSource } from './top-source.js';

export interface TopUpdatesOptions {
  readonly client: AuraeClient;
  readonly source: TopSource;
  readonly comeback: DaemonComeback;
  readonly intervalMs: number;
  /** After each sample. */
  readonly onSample: () => void;
  readonly signal: AbortSignal;
}

/** Keeps what is shown up to date, and outlasts auraed. */
export class TopUpdates {
  constructor(private readonly options: TopUpdatesOptions) {}

  /** Fails with the reason of the signal, or of what nobody can mend. */
  async run(): Promise<void> {
    await Promise.all([this.sampleOn(), this.watch()]);
  }

  private async sampleOn(): Promise<never> {
    const { source, intervalMs, onSample, signal } = this.options;
    for (;;) {
      await this.pause(intervalMs);
      await this.outlast(() => source.sample(signal));
      onSample();
    }
  }

  /** Whatever happens, the lists are asked for again. Without events they are, each time. */
  private async watch(): Promise<never> {
    const { client, source, comeback, intervalMs, signal } = this.options;
    for (;;) {
      try {
        for await (const event of client.observe.watchEvents({}, { signal })) source.onEvent(event);
      } catch (error) {
        signal.throwIfAborted();
        if (!isAuraeError(error)) throw error;
        if (isOutOfReach(error)) await comeback.wait();
      }
      source.listsHaveChanged();
      await this.pause(intervalMs);
    }
  }

  private async outlast(ask: () => Promise<void>): Promise<void> {
    const { comeback, intervalMs, signal } = this.options;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        signal.throwIfAborted();
        if (!isOutOfReach(error)) throw error;
        await comeback.wait();
        await this.pause(intervalMs);
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.options;
    try {
      await sleep(ms, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  }
}
