import type { AuraeClient, CallOptions } from '@aurae/client';
import type { meta } from '@aurae/proto';
import type { WorkloadKey, WorkloadSpec } from './workload-key.js';

interface Answer {
  readonly meta: meta.AuraeMeta | undefined;
}

// One service a kind, and the same verbs everywhere.

export function enableWorkload(client: AuraeClient, spec: WorkloadSpec, options: CallOptions): Promise<Answer> {
  switch (spec.$case) {
    case 'executable':
      return client.scheduleExecutable.enable(spec.value, options);
    case 'container':
      return client.scheduleContainer.enable(spec.value, options);
    case 'instance':
      return client.scheduleInstance.enable(spec.value, options);
  }
}

export function disableWorkload(client: AuraeClient, key: WorkloadKey, options: CallOptions): Promise<Answer> {
  return serviceOf(client, key).disable({ meta: { name: key.name } }, options);
}

export function destroyWorkload(client: AuraeClient, key: WorkloadKey, options: CallOptions): Promise<Answer> {
  return serviceOf(client, key).destroy({ meta: { name: key.name } }, options);
}

/** By the words of the runtime, which ends what runs, and keeps what waits from being started. */
export function stopWorkload({ runtime }: AuraeClient, { kind, name }: WorkloadKey, options: CallOptions) {
  const request = { meta: { name } };
  switch (kind) {
    case 'executable':
      return runtime.executableStop(request, options) as Promise<Answer>;
    case 'container':
      return runtime.containerStop(request, options) as Promise<Answer>;
    case 'instance':
      return runtime.instanceStop(request, options) as Promise<Answer>;
  }
}

function serviceOf(client: AuraeClient, { kind }: WorkloadKey) {
  switch (kind) {
    case 'executable':
      return client.scheduleExecutable;
    case 'container':
      return client.scheduleContainer;
    case 'instance':
      return client.scheduleInstance;
  }
}
