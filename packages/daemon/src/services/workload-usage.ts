import {
  type backend,
  type CallContext,
  isAuraeError,
  kindWord,
  meta,
  type observe,
  unlessAborted,
} from '@aurae/proto';
import type { Logger } from '../logging/logger.js';
import { readNodeResources } from './node-resources.js';

/** What of a backend tells what its workloads use. */
export interface UsageSource {
  readonly kind: meta.WorkloadKind;
  readonly backend: {
    usage(context: CallContext, request: backend.UsageRequest): Promise<backend.UsageResponse>;
  };
}

/** One that does not answer within this time is left out. */
const backendTimeoutMs = 5_000;

/** Asks all backends what their workloads use. */
export class WorkloadUsageReader {
  /** Kinds whose backend failed when it was asked last. */
  private readonly failing = new Set<meta.WorkloadKind>();

  constructor(
    private readonly sources: readonly UsageSource[],
    private readonly log: Pick<Logger, 'warn' | 'info'>,
  ) {}

  /**
   * One sample of the workloads that are asked for and live. A backend that cannot tell has none; one that fails, or takes
   * too long, is left out, and the log says so once.
   *
   * @throws what the only backend that was asked has failed with, and what ended the call
   */
  async read(
    context: CallContext,
    request: observe.GetWorkloadUsageRequest,
  ): Promise<observe.GetWorkloadUsageResponse> {
    const asked = this.sources.flatMap((source) => {
      const names = namesOfKind(source.kind, request.workloads);
      return names ? [{ source, names }] : [];
    });
    const timestampMs = BigInt(Date.now());
    const monotonicMs = BigInt(Math.round(performance.now()));
    const [node, ...answers] = await Promise.all([
      readNodeResources(),
      ...asked.map(({ source, names }) => this.ask(source, names, context, asked.length === 1)),
    ]);
    return { timestampMs, monotonicMs, workloads: answers.flat(), ...node };
  }

  private async ask(
    { kind, backend }: UsageSource,
    names: string[],
    context: CallContext,
    isOnly: boolean,
  ): Promise<observe.WorkloadUsage[]> {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(backendTimeoutMs)]);
    try {
      // In an async function, so that a backend that throws at once is caught as well.
      const answer = (async () => backend.usage({ ...context, signal }, { names }))();
      const { workloads } = await unlessAborted(answer, signal);
      this.noteAnswer(kind);
      return workloads;
    } catch (error) {
      if (isAuraeError(error) && error.reason === 'CAPABILITY_NOT_SUPPORTED') return [];
      if (context.signal.aborted || isOnly) throw error;
      this.noteFailure(kind, error);
      return [];
    }
  }

  private noteAnswer(kind: meta.WorkloadKind): void {
    if (this.failing.delete(kind)) this.log.info(`The usage of workloads of kind ${kindWord(kind)} can be told again`);
  }

  private noteFailure(kind: meta.WorkloadKind, error: unknown): void {
    if (this.failing.has(kind)) return;
    this.failing.add(kind);
    this.log.warn(`Cannot tell what workloads of kind ${kindWord(kind)} use`, { error });
  }
}

/** Empty: all of them; undefined: none. A reference without a kind is one of any. */
function namesOfKind(kind: meta.WorkloadKind, workloads: readonly meta.WorkloadReference[]): string[] | undefined {
  if (workloads.length === 0) return [];
  const ofKind = workloads.filter((workload) => workload.kind === kind || isOfAnyKind(workload));
  return ofKind.length === 0 ? undefined : ofKind.map(({ name }) => name);
}

function isOfAnyKind({ kind }: meta.WorkloadReference): boolean {
  return kind === meta.WorkloadKind.WORKLOAD_KIND_UNSPECIFIED;
}
