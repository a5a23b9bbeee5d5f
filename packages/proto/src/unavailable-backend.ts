import { backendDefinitions } from './backend-definitions.js';
import type { BackendContracts, BackendKind } from './backend-registration.js';
import type { AuraeError } from './errors.js';
import type { BackendDescription } from './gen/meta.js';

/**
 * Stands in for a backend that cannot serve: it describes itself, and refuses everything else with an error.
 *
 * @param description should claim no capability, and give the reason and the remedy in `health`
 * @param refusal makes the error of one refused request
 */
export function unavailableBackend<Kind extends BackendKind>(
  kind: Kind,
  description: BackendDescription,
  refusal: () => AuraeError,
): BackendContracts[Kind] {
  const methods = Object.entries(backendDefinitions[kind]).map(([name, { responseStream }]) => [
    name,
    responseStream ? () => failingStream(refusal()) : () => Promise.reject(refusal()),
  ]);
  return { ...Object.fromEntries(methods), describe: () => Promise.resolve(description) };
}

async function* failingStream(error: AuraeError): AsyncIterable<never> {
  throw error;
}
