import type { AuraeClient } from '@aurae/client';
import { NotFoundError } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { InterruptedError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { describeError } from '../report-error.js';
import type { NameSelection } from './name-selection.js';

/** What became of one workload: for people, and for programs. */
export interface NameResult {
  /** Absent where there is only a note. */
  readonly text?: string;
  /** For people, on standard error. */
  readonly note?: string;
  readonly json: unknown;
}

export type NameAction = (client: AuraeClient, name: string, signal: AbortSignal) => Promise<NameResult>;

type Outcome = { readonly result: NameResult } | { readonly error: unknown };

export interface ForEachOptions {
  /** Said when there are none. */
  readonly noneNote?: string;
  /** Whether each waits for the one before it, rather than all of them being acted on at once. */
  readonly isInOrder?: boolean;
}

/** Acts on all the workloads, and tells in their order what became of each. Fails if any of them did. */
export async function forEachName(
  selection: NameSelection,
  options: GlobalOptions,
  act: NameAction,
  { noneNote = '', isInOrder = false }: ForEachOptions = {},
): Promise<number> {
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const names = await selection.find(client, interruption.signal);
  const report = new Report(options.output === 'json', selection.isAll);
  if (names.length === 0) await interruption.race(report.note(noneNote));
  let before: Promise<unknown> | undefined;
  const outcomes = names.map((name) => {
    const start = () => outcomeOf(act(client, name, interruption.signal));
    const outcome = isInOrder && before ? before.then(start) : start();
    before = outcome;
    return outcome;
  });
  for (const outcome of outcomes) await interruption.race(report.tell(await outcome));
  return report.hasFailed ? exitCodes.failure : exitCodes.success;
}

async function outcomeOf(work: Promise<NameResult>): Promise<Outcome> {
  try {
    return { result: await work };
  } catch (error) {
    return { error };
  }
}

class Report {
  hasFailed = false;
  private readonly stdout = new OutputStream(process.stdout);
  private readonly stderr = new OutputStream(process.stderr);
  private readonly complaints = new Set<string>();

  constructor(
    private readonly asJson: boolean,
    private readonly mayBeGone: boolean,
  ) {}

  async note(text: string): Promise<void> {
    if (!this.asJson) await this.stderr.write(`${text}\n`);
  }

  async tell(outcome: Outcome): Promise<void> {
    if ('result' in outcome) {
      const { text, note, json } = outcome.result;
      const shown = this.asJson ? JSON.stringify(json) : text;
      if (shown !== undefined) await this.stdout.write(`${shown}\n`);
      if (note !== undefined) await this.note(note);
    } else {
      await this.complain(outcome.error);
    }
  }

  /** That no daemon answers is said once, and not for each name. */
  private async complain(error: unknown): Promise<void> {
    if (error instanceof InterruptedError) throw error;
    if (this.mayBeGone && error instanceof NotFoundError) return;
    this.hasFailed = true;
    const complaint = describeError(error, this.asJson);
    if (this.complaints.has(complaint)) return;
    this.complaints.add(complaint);
    await this.stderr.write(complaint);
  }
}
