import { type BackendContracts, backendDefinitions, type BackendKind, CapabilityNotSupportedError } from '@aurae/proto';

/** The backend, with an answer of UNIMPLEMENTED for each method of its contract that it leaves out. */
export function wholeContract<Kind extends BackendKind>(
  kind: Kind,
  name: string,
  backend: BackendContracts[Kind],
): BackendContracts[Kind] {
  const missing = Object.keys(backendDefinitions[kind]).filter((method) => !(method in backend));
  if (missing.length === 0) return backend;
  const answers = Object.fromEntries(missing.map((method) => [method, () => unsupported(kind, name, method)]));
  return new Proxy(backend, { get: (target, key) => answers[String(key)] ?? bound(target, key) });
}

function unsupported(kind: BackendKind, name: string, method: string): never {
  throw new CapabilityNotSupportedError(`The ${kind} backend "${name}" does not support ${method}`);
}

/** To the backend itself, so that its private fields are found. */
function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
}
