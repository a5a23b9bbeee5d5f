import type { AuraeClient } from '@aurae/client';
import { isAuraeError, type meta, NotFoundError, type observe } from '@aurae/proto';
import { UsageError } from '../failures.js';
import { brokeOff } from '../following/broke-off.js';
import type { DaemonComeback } from '../following/daemon-comeback.js';
import { outlasting } from '../following/outlasting.js';
import { referenceOf, type WorkloadKey } from '../schedule/workload-key.js';
import type { LogChannel } from './log-entry.js';
import type { LogOwner, LogTarget } from './log-target.js';
import { ProcessLog } from './process-log.js';

/** What of a log is asked for. */
export interface LogRange {
  readonly channel?: LogChannel | undefined;
  /** Unix milliseconds, inclusive; as `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly follow?: boolean | undefined;
}

type Items = AsyncIterable<observe.LogItem[]>;

interface Part {
  readonly follow: boolean;
  /** 0 means all. */
  readonly tail: number;
  /** Only what there is already: a process has nothing of the kind, since nobody can tell that apart. */
  readonly isBacklog?: boolean;
}

/** Reads one log, at the reader's pace, and remembers how far. Outlasts auraed when it follows. */
export class LogFeed {
  private owner: LogOwner | undefined;
  private place: { readonly sequence: bigint; readonly logId: string } | undefined;
  private process: ProcessLog | undefined;

  /** @param comeback absent: the end of auraed is a failure */
  constructor(
    private readonly client: AuraeClient,
    private readonly target: LogTarget,
    private readonly range: LogRange,
    private readonly comeback: DaemonComeback | undefined,
  ) {}

  get label(): string {
    return this.target.label;
  }

  /** Whose log it is, once something was read; undefined for a process. */
  get workload(): meta.WorkloadReference | undefined {
    return this.owner?.kind === 'workload' ? referenceOf(this.owner.key) : undefined;
  }

  /** From the last `tail` lines on, 0 for all, to the end, or for as long as there may be more. */
  whole(tail: number, signal: AbortSignal): Items {
    return this.read({ follow: this.range.follow === true, tail }, signal);
  }

  /** What there is now. Begins anew each time. */
  backlog(tail: number, signal: AbortSignal): Items {
    this.place = undefined;
    return this.read({ follow: false, tail, isBacklog: true }, signal);
  }

  /** What comes after the backlog; of a process everything, whether it is followed or not. */
  async *rest(signal: AbortSignal): AsyncGenerator<observe.LogItem[]> {
    const follow = this.range.follow === true;
    if (follow || this.owner?.kind === 'process') yield* this.read({ follow, tail: 0 }, signal);
  }

  private read(part: Part, signal: AbortSignal): Items {
    return outlasting(() => this.open(part, signal), this.comeback);
  }

  private async *open(part: Part, signal: AbortSignal): AsyncGenerator<observe.LogItem[]> {
    if (this.owner) return yield* this.readOf(this.owner, part, signal);
    let missing: unknown;
    for (const candidate of this.target.candidates) {
      try {
        yield* this.readOf(candidate, part, signal);
        this.owner = candidate;
        return;
      } catch (error) {
        if (this.owner || !isNoneOf(error, missing)) throw error;
        missing ??= error;
      }
    }
    throw this.notFound(missing);
  }

  private readOf(owner: LogOwner, part: Part, signal: AbortSignal): Items {
    return owner.kind === 'process'
      ? this.readProcess(owner, part, signal)
      : this.readWorkload(owner, owner.key, part, signal);
  }

  private async *readWorkload(
    owner: LogOwner,
    key: WorkloadKey,
    { follow, tail }: Part,
    signal: AbortSignal,
  ): AsyncGenerator<observe.LogItem[]> {
    const { channel = '', since = 0, until = 0 } = this.range;
    const place = this.place
      ? { afterSequence: this.place.sequence, logId: this.place.logId, tail: 0 }
      : { afterSequence: 0, logId: '', tail };
    const request = { workload: referenceOf(key), channel, sinceMs: since, untilMs: until, follow, ...place };
    for await (const { items, logId } of this.client.observe.getWorkloadLogStream(request, { signal })) {
      this.owner = owner;
      const last = items.at(-1);
      if (last) this.place = { sequence: last.sequence, logId };
      yield items;
    }
  }

  private async *readProcess(
    owner: LogOwner & { readonly kind: 'process' },
    { tail, isBacklog = false }: Part,
    signal: AbortSignal,
  ): AsyncGenerator<observe.LogItem[]> {
    const { since, until, channel } = this.range;
    const flag = tail > 0 ? '--tail' : since !== undefined ? '--since' : until !== undefined ? '--until' : undefined;
    if (flag) throw new UsageError(`option ${flag} does not go with the log of a process, as ${owner.pid} is one`);
    if (isBacklog) return;
    this.process ??= new ProcessLog(this.client, owner.pid, channel);
    for await (const items of this.process.read(signal)) {
      this.owner = owner;
      yield items;
    }
  }

  private notFound(error: unknown): unknown {
    const { candidates, label } = this.target;
    const isEither = candidates.length > 1 && candidates.at(-1)?.kind === 'process';
    if (!isEither) return error;
    const text = `Cannot find the log of "${label}": no workload is called so, and auraed has run no process with that pid`;
    return new NotFoundError(text, { cause: error });
  }
}

/** Not of this kind. A kind that cannot be asked has nothing to say, once another one has said no. */
function isNoneOf(error: unknown, missing: unknown): boolean {
  if (error instanceof NotFoundError) return true;
  return missing !== undefined && isAuraeError(error) && !brokeOff(error);
}
