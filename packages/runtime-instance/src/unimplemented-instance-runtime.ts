import {
  type BackendContracts,
  backendProtocolVersion,
  CapabilityNotSupportedError,
  meta,
  unavailableBackend,
} from '@aurae/proto';
import { version } from './version.js';

const reason = 'Virtual machines are not implemented yet';

/** The contract of instances, served honestly: it claims no capability and refuses every request with the reason. */
export function unimplementedInstanceRuntime(): BackendContracts['instance'] {
  const description = meta.BackendDescription.fromPartial({
    name: 'qemu',
    version,
    protocolVersion: backendProtocolVersion,
    health: { state: meta.HealthState.HEALTH_STATE_UNAVAILABLE, reason },
  });
  return unavailableBackend('instance', description, () => new CapabilityNotSupportedError(reason));
}
