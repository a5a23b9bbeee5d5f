import type { AuraeClient } from '@aurae/client';
import { isAuraeError, meta, type observe } from '@aurae/proto';
import { isOutOfReach } from '../following/is-out-of-reach.js';
import { keyOfReference, shownKey, type WorkloadKey } from '../schedule/workload-key.js';
import { type ListedWorkload, textOfKey, type TopNode, type TopWorkload } from './top-workload.js';
import { UsageHistory } from './usage-history.js';
import { WorkloadLists } from './workload-lists.js';

export interface TopSnapshot {
  readonly node: TopNode;
  readonly workloads: readonly TopWorkload[];
  /** Why nobody can tell what workloads use; empty when it is known. */
  readonly usageNotice: string;
}

/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;
/** Events tell when the lists have changed; this is for what no event tells. */
const longestListAgeMs = 15_000;

/** Asks auraed for everything that is to be shown. */
export class TopSource {
  private readonly history = new UsageHistory();
  private lists: WorkloadLists | undefined;
  private listsAtMs = Number.NEGATIVE_INFINITY;
  private node: TopNode = { cpus: 0, memoryTotalBytes: 0, memoryAvailableBytes: 0 };
  private usageNotice = '';

  /** @param names what is to be shown, as `web` or `container/db`; all where there are none */
  constructor(
    private readonly client: AuraeClient,
    private readonly names: readonly string[],
  ) {}

  /** The lists are asked for again with the next sample. */
  listsHaveChanged(): void {
    this.listsAtMs = Number.NEGATIVE_INFINITY;
  }

  onEvent({ type }: observe.Event): void {
    if (/^(?:workload|schedule)\./.test(type)) this.listsHaveChanged();
  }

  /** Asks for what is used, and for the rest when it may have changed. */
  async sample(signal: AbortSignal): Promise<void> {
    const isOld = performance.now() - this.listsAtMs > longestListAgeMs;
    // What changes from now on is asked for again.
    if (isOld) this.listsAtMs = performance.now();
    const [lists] = await Promise.all([isOld ? this.askLists(signal) : this.lists, this.askUsage(signal)]);
    this.lists = lists;
  }

  at(nowMs: number): TopSnapshot {
    const listed = new Map(this.lists?.at(nowMs));
    // What was started since the lists were asked for.
    for (const { usage } of this.history.all()) addUnlisted(listed, usage);
    const workloads = [...listed]
      .filter(([, { key }]) => this.names.length === 0 || this.names.some((name) => isCalled(key, name)))
      .map(([text, workload]) => ({ ...workload, measured: this.history.of(text) }));
    return { node: this.node, workloads, usageNotice: this.usageNotice };
  }

  /** What was asked for by name and is not among these, each once. */
  unknownNames({ workloads }: TopSnapshot): string[] {
    return [...new Set(this.names)].filter((name) => !workloads.some(({ key }) => isCalled(key, name)));
  }

  private async askLists(signal: AbortSignal): Promise<WorkloadLists> {
    try {
      return await WorkloadLists.ask(this.client, signal);
    } catch (error) {
      this.listsHaveChanged();
      throw error;
    }
  }

  private async askUsage(signal: AbortSignal): Promise<void> {
    try {
      const answer = await this.client.observe.getWorkloadUsage({}, { signal, timeoutMs });
      this.history.add(answer);
      this.node = nodeOf(answer);
      this.usageNotice = '';
    } catch (error) {
      if (!isAuraeError(error) || isOutOfReach(error)) throw error;
      this.usageNotice = error.message;
    }
  }
}

function isCalled(key: WorkloadKey, name: string): boolean {
  return [key.name, shownKey(key), textOfKey(key)].includes(name);
}

function nodeOf(answer: observe.GetWorkloadUsageResponse): TopNode {
  const { cpus, memoryTotalBytes, memoryAvailableBytes } = answer;
  return {
    cpus,
    memoryTotalBytes: Number(memoryTotalBytes),
    memoryAvailableBytes: Number(memoryAvailableBytes),
  };
}

function addUnlisted(listed: Map<string, ListedWorkload>, usage: observe.WorkloadUsage): void {
  const key = keyOfReference(usage.workload);
  if (!key || listed.has(textOfKey(key))) return;
  listed.set(textOfKey(key), {
    key,
    status: meta.Status.STATUS_ACTIVE,
    wellness: 'well',
    state: 'running',
    startedAtMs: Number(usage.startedAtMs),
    restarts: undefined,
  });
}
