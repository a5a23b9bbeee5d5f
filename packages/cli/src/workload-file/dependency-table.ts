import type { runtime } from '@aurae/proto';
import { dependencyConditions, dependencyForms, parseDependency } from '../values/dependency.js';
import { kindNames, nameOfKind, workloadKinds } from '../values/workload-kind.js';
import { shortForm, withoutDefaults } from './short-form.js';
import { isTable, isText, type Table } from './table.js';

type ConditionName = keyof typeof dependencyConditions;
const conditionNames = Object.keys(dependencyConditions) as ConditionName[];

/** `after = ["db", "migrate=completed", { name = "cache", kind = "container", until = "running" }]` */
export function readDependencies(table: Table): runtime.Dependency[] {
  const read = (value: unknown, index: number) => {
    if (isText(value)) return parseDependency(value);
    return isTable(value) ? readDependencyTable(table.inner(['after', index], value)) : undefined;
  };
  const readAll = (value: unknown) => {
    const dependencies = Array.isArray(value) ? value.map(read) : [undefined];
    return dependencies.includes(undefined) ? undefined : (dependencies as runtime.Dependency[]);
  };
  const value = table.peek('after');
  if (isText(value)) {
    table.report(`after = ${JSON.stringify(value)} is not allowed: write after = [${JSON.stringify(value)}]`, 'after');
    return [];
  }
  return table.read('after', readAll, `a list of ${dependencyForms}, or of tables with name, kind and until`) ?? [];
}

function readDependencyTable(table: Table): runtime.Dependency {
  const name = table.text('name');
  if (name === '') table.reportLack(`${table.nameOf('name')} is missing: give the name of a workload`);
  const kind = table.choice('kind', kindNames);
  const until = table.choice('until', conditionNames) ?? 'ready';
  table.end();
  return {
    workload: { kind: kind === undefined ? 0 : workloadKinds[kind], name },
    condition: dependencyConditions[until],
  };
}

export function writeDependency(dependency: runtime.Dependency): string | object {
  const { kind = 0, name = '' } = dependency.workload ?? {};
  const kindName = nameOfKind(kind);
  const until = conditionNames.find((condition) => dependencyConditions[condition] === dependency.condition) ?? 'ready';
  const text = `${kindName ? `${kindName}/` : ''}${name}${until === 'ready' ? '' : `=${until}`}`;
  return shortForm(text, dependency, parseDependency, () => ({
    name,
    ...withoutDefaults({ kind: kindName, until: until === 'ready' ? undefined : until }),
  }));
}
