import type { runtime } from '@aurae/proto';
import { readDependencies, writeDependency } from './dependency-table.js';
import { durationText } from './duration-text.js';
import { type CheckName, readCheck, writeCheck } from './probe-check.js';
import { withoutDefaults } from './short-form.js';
import type { Table } from './table.js';
import { readTimer, writeTimer } from './timer-table.js';

const livenessChecks: readonly CheckName[] = ['http', 'tcp', 'exec'];
const readinessChecks: readonly CheckName[] = [...livenessChecks, 'log'];

/** The keys `timer`, `after`, `ready` and `alive`. Undefined where there is none of them. */
export function readCriteria(table: Table): runtime.RunCriteria | undefined {
  const timer = readTimer(table);
  const after = readDependencies(table);
  const ready = table.table('ready');
  const readiness = ready && readProbe(ready, readinessChecks);
  const readyWithinMs = ready?.duration('within') ?? 0;
  ready?.end();
  const alive = table.table('alive');
  const liveness = alive && { ...readProbe(alive, livenessChecks), failureThreshold: alive.count('failures') };
  alive?.end();
  const isEmpty = !timer && after.length === 0 && !readiness && !liveness;
  return isEmpty ? undefined : { timer, after, readiness, readyWithinMs, liveness };
}

function readProbe(table: Table, names: readonly CheckName[]): runtime.Probe {
  const given = names.filter((name) => table.has(name));
  const [check] = given.flatMap((name) => readCheck(table, name) ?? []);
  if (given.length !== 1) {
    const several = given.length > 1 ? ', and not several' : '';
    table.reportLack(`${table.title} needs one of ${names.join(', ')}${several}`);
  }
  return {
    check,
    initialDelayMs: table.duration('initial_delay'),
    intervalMs: table.duration('interval'),
    timeoutMs: table.duration('timeout'),
    failureThreshold: 0,
  };
}

export function writeCriteria(criteria: runtime.RunCriteria | undefined): Record<string, unknown> {
  if (!criteria) return {};
  const { timer, after, readiness, readyWithinMs, liveness } = criteria;
  return {
    ...withoutDefaults({ timer: writeTimer(timer), after: after.map(writeDependency) }),
    ...(readiness
      ? { ready: { ...writeProbe(readiness), ...withoutDefaults({ within: durationText(readyWithinMs) }) } }
      : {}),
    ...(liveness
      ? { alive: { ...writeProbe(liveness), ...withoutDefaults({ failures: liveness.failureThreshold }) } }
      : {}),
  };
}

function writeProbe({ check, initialDelayMs, intervalMs, timeoutMs }: runtime.Probe): Record<string, unknown> {
  return {
    ...(check ? { [check.$case]: writeCheck(check) } : {}),
    ...withoutDefaults({
      initial_delay: durationText(initialDelayMs),
      interval: durationText(intervalMs),
      timeout: durationText(timeoutMs),
    }),
  };
}
