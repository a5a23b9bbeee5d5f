import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkOrder, type Graph, type GraphNode } from '../../src/schedule/dependency-graph.js';
import { dependent, key } from './fakes/specs.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const edges = fc.array(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }), {
  minLength: names.length,
  maxLength: names.length,
});

function nodesOf(after: readonly (readonly string[])[]): GraphNode[] {
  return names.map((name, index) => ({ key: key(name), spec: dependent(name, ...(after[index] ?? [])) }));
}

function graphOf(nodes: readonly GraphNode[]): Graph {
  const byName = new Map(nodes.map((node) => [node.key.name, node]));
  return ({ name }) => byName.get(name);
}

/** Whether a way leads from one back to it, by going every way. */
function isOnCycle(name: string, after: readonly (readonly string[])[]): boolean {
  const reached = new Set<string>();
  const queue = [name];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    for (const next of after[names.indexOf(one)] ?? []) {
      if (next === name) return true;
      if (!reached.has(next)) queue.push(next);
      reached.add(next);
    }
  }
  return false;
}

function faultOf(nodes: readonly GraphNode[]): string | undefined {
  try {
    checkOrder(nodes, graphOf(nodes));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('a cycle is found exactly where there is one, and what is printed is one', () => {
  fc.assert(
    fc.property(edges, (after) => {
      const fault = faultOf(nodesOf(after));
      expect(fault !== undefined).toBe(names.some((name) => isOnCycle(name, after)));
      if (fault === undefined) return;
      const way = (fault.split('for itself: ')[1] ?? '').split(' → ').map((name) => JSON.parse(name) as string);
      expect(way.length).toBeGreaterThan(1);
      expect(way[0]).toBe(way.at(-1));
      expect(new Set(way).size).toBe(way.length - 1);
      way.slice(1).forEach((name, index) => expect(after[names.indexOf(way[index] ?? '')]).toContain(name));
    }),
    { numRuns: 2000 },
  );
});

test('a chain of ten thousand is looked at without running out of stack', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => {
    const name = `w${index}`;
    return { key: key(name), spec: index === 0 ? dependent(name) : dependent(name, `w${index - 1}`) };
  });
  expect(() => checkOrder(nodes, graphOf(nodes))).not.toThrow();
});
