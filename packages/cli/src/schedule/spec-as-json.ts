import { runtime } from '@aurae/proto';
import type { WorkloadSpec } from './workload-key.js';

/** In the JSON form of protobuf. */
export function specAsJson(spec: WorkloadSpec): unknown {
  switch (spec.$case) {
    case 'executable':
      return runtime.Executable.toJSON(spec.value);
    case 'container':
      return runtime.Container.toJSON(spec.value);
    case 'instance':
      return runtime.Instance.toJSON(spec.value);
  }
}
