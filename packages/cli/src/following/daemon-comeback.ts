import { setTimeout as sleep } from 'node:timers/promises';
import type { AuraeClient } from '@aurae/client';
import { DeadlineExceededError, UnavailableError } from '@aurae/proto';

/** Hears of outages. Must not throw. */
export interface OutageListener {
  onGone(): void;
  onBack(): void;
  /** Something that a person should know. */
  onNote(text: string): void;
}

const firstPauseMs = 100;
const longestPauseMs = 1000;
/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 5000;

/** Waits until auraed answers again: once for all who follow something over the same connection. */
export class DaemonComeback {
  private waiting: Promise<void> | undefined;

  constructor(
    private readonly client: Pick<AuraeClient, 'observe'>,
    readonly listener: OutageListener,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves at once when it answers, so that only a connection broke off: nobody hears of that. */
  wait(): Promise<void> {
    this.waiting ??= this.untilItAnswers().finally(() => {
      this.waiting = undefined;
    });
    return this.waiting;
  }

  /** A pause that doubles with each failure, from the second one on. */
  async pause(failures: number): Promise<void> {
    if (failures > 0) await this.sleep(Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs));
  }

  private async untilItAnswers(): Promise<void> {
    if (await this.answers()) return;
    this.listener.onGone();
    for (let failures = 1; ; failures++) {
      await this.pause(failures);
      if (await this.answers()) break;
    }
    this.listener.onBack();
  }

  /** A refusal is an answer, too. */
  private async answers(): Promise<boolean> {
    try {
      await this.client.observe.status({}, { signal: this.signal, timeoutMs });
    } catch (error) {
      this.signal.throwIfAborted();
      return !(error instanceof UnavailableError || error instanceof DeadlineExceededError);
    }
    return true;
  }

  private async sleep(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.signal });
    } catch {
      this.signal.throwIfAborted();
    }
  }
}
