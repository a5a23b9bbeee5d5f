import { fileURLToPath } from 'node:url';
import type { AuraeClient } from '@aurae/client';
import { NotFoundError } from '@aurae/proto';
import { isAnswered } from './is-answered.js';
import type { RandomSource } from './random-source.js';

const program = fileURLToPath(new URL('fixtures/counter.pl', import.meta.url));

/** What the answers of the daemons tell of one executable. */
export interface Counter {
  readonly name: string;
  readonly lines: number;
  readonly code: number;
  /** A start was answered. One without an answer may have come to be, or not. */
  started: boolean;
  stopAsked: boolean;
  killAsked: boolean;
  /** What a stop answered. */
  exitCode: string | undefined;
}

/** Starts and stops counters through one daemon after the other. */
export class CounterLoad {
  readonly counters = new Map<string, Counter>();

  constructor(
    private readonly random: RandomSource,
    private readonly env: Record<string, string>,
  ) {}

  /** Starters and stoppers at once. Resolves when each has found the daemon gone; any other failure rejects. */
  async run(client: AuraeClient, onAnswer: () => void): Promise<void> {
    const untilGone = async (act: () => Promise<unknown>) => {
      while (await isAnswered(act())) onAnswer();
    };
    const starters = [0, 1, 2].map(() => untilGone(() => this.start(client)));
    const stoppers = [0, 1].map(() => untilGone(() => this.stop(client)));
    await Promise.all([...starters, ...stoppers]);
  }

  private async start(client: AuraeClient): Promise<void> {
    const counter = this.next();
    this.counters.set(counter.name, counter);
    const pause = this.random.below(2) === 0 ? '0' : '0.01';
    await client.runtime.executableStart({
      meta: { name: counter.name },
      argv: ['/usr/bin/perl', program, String(counter.lines), String(counter.code), pause],
      env: this.env,
    });
    counter.started = true;
  }

  private next(): Counter {
    return {
      name: `counter-${this.counters.size + 1}`,
      lines: 1 + this.random.below(150),
      code: this.random.below(100),
      started: false,
      stopAsked: false,
      killAsked: false,
      exitCode: undefined,
    };
  }

  private async stop(client: AuraeClient): Promise<void> {
    const { executables } = await client.runtime.executableList();
    const living = executables.flatMap(({ meta }) => this.counters.get(meta?.name ?? '') ?? []);
    const chosen = this.random.pick(living);
    if (!chosen) return;
    const request = { meta: { name: chosen.name } };
    // It may have ended by itself meanwhile.
    await (this.random.below(4) === 0 ? this.kill(client, chosen) : this.end(client, chosen)).catch(
      (error: unknown) => {
        if (!(error instanceof NotFoundError)) throw new Error(`Cannot stop ${request.meta.name}`, { cause: error });
      },
    );
  }

  private async kill(client: AuraeClient, counter: Counter): Promise<void> {
    counter.killAsked = true;
    await client.runtime.executableKill({ meta: { name: counter.name } });
  }

  private async end(client: AuraeClient, counter: Counter): Promise<void> {
    counter.stopAsked = true;
    const { exitCode } = await client.runtime.executableStop({ meta: { name: counter.name } });
    counter.exitCode = exitCode;
  }
}
