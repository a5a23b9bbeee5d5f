import { createRequire } from 'node:module';
import { backendProtocolVersion, meta } from '@aurae/proto';
import type { OpenSupervisor } from './workload/open-supervisor.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const capabilities = [
  'Exec',
  'Start',
  'Start.restart',
  'Start.terminal',
  'Stop',
  'Kill',
  'List',
  'Remove',
  'Attach',
  'Attach.terminal',
  'ReadLog',
  'ReadProcessLog',
  'Watch',
  'Usage',
];

/** What the runtime says of itself; `opened` once it has its state directory, `failure` where it could not have it. */
export function describeRuntime(
  opened: OpenSupervisor | undefined,
  failure: Error | undefined,
): meta.BackendDescription {
  const base = { name: 'process', version, protocolVersion: backendProtocolVersion, health: healthAfter(failure) };
  if (!opened) return { ...base, capabilities, details: {} };
  const { support, layout } = opened.cgroups;
  const limits = (['memory', 'cpu', 'pids'] as const).filter((resource) => support[resource].available);
  return {
    ...base,
    capabilities: [...capabilities, ...limits.map((resource) => `Start.limits.${resource}`)],
    details: { cgroups: layout, limits: limits.join(', ') || 'none' },
  };
}

function healthAfter(failure: Error | undefined): meta.Health {
  if (!failure) return { state: meta.HealthState.HEALTH_STATE_SERVING, reason: '', remedy: '' };
  return { state: meta.HealthState.HEALTH_STATE_DEGRADED, reason: failure.message, remedy: '' };
}
