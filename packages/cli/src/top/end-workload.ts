import type { AuraeClient } from '@aurae/client';
import { shownKey, type WorkloadKey } from '../schedule/workload-key.js';
import type { EndingAction } from './top-model.js';

/** Stops or kills a workload. Resolves to what became of it, in few words. */
export async function endWorkload(
  { runtime }: AuraeClient,
  action: EndingAction,
  key: WorkloadKey,
  signal: AbortSignal,
): Promise<string> {
  const request = { meta: { name: key.name } };
  const call = { signal };
  const calls = {
    executable: {
      stop: () => runtime.executableStop(request, call),
      kill: () => runtime.executableKill(request, call),
    },
    container: { stop: () => runtime.containerStop(request, call), kill: () => runtime.containerKill(request, call) },
    instance: { stop: () => runtime.instanceStop(request, call), kill: () => runtime.instanceKill(request, call) },
  } as const;
  await calls[key.kind][action]();
  return `${action === 'stop' ? 'Stopped' : 'Killed'} ${shownKey(key)}`;
}
