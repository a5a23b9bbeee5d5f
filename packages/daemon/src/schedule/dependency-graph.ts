import { FailedPreconditionError, type InvalidSpecError } from '@aurae/proto';
import { refusedSpec } from './refused-spec.js';
import { criteriaOf, dependenciesOf } from './spec-parts.js';
import { keyText, shownKey, type WorkloadKey, type WorkloadSpec } from './workload-key.js';

export interface GraphNode {
  readonly key: WorkloadKey;
  readonly spec: WorkloadSpec;
  /** What may come back in its place: its order has to be possible too. */
  readonly fallback?: WorkloadSpec | undefined;
}

/** The workloads of a schedule, as it would be. */
export type Graph = (key: WorkloadKey) => GraphNode | undefined;

/**
 * Checks the order that workloads ask for.
 *
 * @throws InvalidSpecError for a cycle, which it names; FailedPreconditionError for one that is not scheduled
 */
export function checkOrder(nodes: readonly GraphNode[], graph: Graph): void {
  for (const node of nodes) {
    checkForm(node);
    for (const { key } of dependenciesOf(node.key, node.spec)) checkScheduled(node, key, graph);
  }
  const cycle = findCycle(nodes, graph);
  const [first] = cycle ?? [];
  if (cycle && first) throw invalid(first, `it would wait for itself: ${cycle.map(shownKey).join(' → ')}`);
}

function checkScheduled(node: GraphNode, key: WorkloadKey, graph: Graph): void {
  if (graph(key)) return;
  throw new FailedPreconditionError(
    `Cannot enable ${shownKey(node.key)}: it is to run after ${shownKey(key)}, which is not scheduled. Enable that ` +
      'first, or apply both together',
  );
}

const mostDependencies = 100;

function checkForm({ key, spec }: GraphNode): void {
  const count = criteriaOf(spec).after.length;
  if (count > mostDependencies) {
    throw invalid(key, `it is to run after ${count} others; at most ${mostDependencies} are allowed`);
  }
  const seen = new Set<string>();
  for (const { key: dependency, condition } of dependenciesOf(key, spec)) {
    const text = keyText(dependency);
    if (dependency.name === '') throw invalid(key, 'a workload that it is to run after has no name');
    if (condition < 0 || condition > 2) throw invalid(key, `there is no condition of number ${condition}`);
    if (seen.has(text)) throw invalid(key, `it is to run after ${shownKey(dependency)} twice`);
    seen.add(text);
  }
}

/** A step of the way through the graph: a workload, and those of its dependencies that are not yet looked at. */
interface Step {
  readonly key: WorkloadKey;
  readonly left: WorkloadKey[];
}

/** The way from a workload back to it, itself at both ends. Depth first, each workload once, without recursion. */
function findCycle(nodes: readonly GraphNode[], graph: Graph): WorkloadKey[] | undefined {
  const done = new Set<string>();
  for (const node of nodes) {
    const way = [stepOf(node)];
    const onWay = new Set([keyText(node.key)]);
    for (let step = way.at(-1); step; step = way.at(-1)) {
      const next = step.left.pop();
      if (!next || done.has(keyText(step.key))) {
        way.pop();
        onWay.delete(keyText(step.key));
        done.add(keyText(step.key));
        continue;
      }
      const text = keyText(next);
      if (onWay.has(text)) return [...keysFrom(way, text), next];
      const found = done.has(text) ? undefined : graph(next);
      if (!found) continue;
      way.push(stepOf(found));
      onWay.add(text);
    }
  }
  return undefined;
}

function stepOf({ key, spec, fallback }: GraphNode): Step {
  const specs = fallback ? [spec, fallback] : [spec];
  return { key, left: specs.flatMap((one) => dependenciesOf(key, one)).map(({ key: dependency }) => dependency) };
}

function keysFrom(way: readonly Step[], text: string): WorkloadKey[] {
  return way.slice(way.findIndex(({ key }) => keyText(key) === text)).map(({ key }) => key);
}

function invalid(key: WorkloadKey, description: string): InvalidSpecError {
  return refusedSpec(key, 'criteria.after', description);
}
