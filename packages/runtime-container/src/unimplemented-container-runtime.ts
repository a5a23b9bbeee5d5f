import {
  type BackendContracts,
  backendProtocolVersion,
  CapabilityNotSupportedError,
  meta,
  unavailableBackend,
} from '@aurae/proto';
import { version } from './version.js';

const reason = 'Containers are not implemented yet';

/** The contract of containers, served honestly: it claims no capability and refuses every request with the reason. */
export function unimplementedContainerRuntime(): BackendContracts['container'] {
  const description = meta.BackendDescription.fromPartial({
    name: 'oci',
    version,
    protocolVersion: backendProtocolVersion,
    health: { state: meta.HealthState.HEALTH_STATE_UNAVAILABLE, reason },
  });
  return unavailableBackend('container', description, () => new CapabilityNotSupportedError(reason));
}
