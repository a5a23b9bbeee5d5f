import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { BackendHost, BackendKind, BackendRegistration, Disposable, BackendContracts } from '@aurae/proto';
import { ConfigError } from '../config/config-error.js';
import { describeValue, valueAt } from '../config/describe-value.js';
import { builtInBackend, builtInNames } from './built-in-backends.js';

/** A choice in the configuration, and where it stands there. */
export interface BackendChoice<Kind extends BackendKind> {
  readonly kind: Kind;
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly configFile: string;
  /** E.g. `backends.executable`. */
  readonly configKey: string;
}

export interface LoadedBackend<Kind extends BackendKind> {
  readonly name: string;
  /** `built-in`, or the module's name. */
  readonly source: string;
  readonly backend: Disposable<BackendContracts[Kind]>;
}

/**
 * Makes the chosen backend: a built-in by name, else an npm module that exports a `registration`, looked up from the
 * folder of the configuration file and then from the daemon's.
 *
 * @throws ConfigError naming file, key, value and what is allowed
 */
export async function loadBackend<Kind extends BackendKind>(
  choice: BackendChoice<Kind>,
  host: BackendHost,
): Promise<LoadedBackend<Kind>> {
  const builtIn = await builtInBackend(choice.kind, choice.use);
  const registration = (builtIn ?? (await importRegistration(choice))) as BackendRegistration<Kind>;
  const options = await parseOptions(choice, registration);
  const backend = await registration.create(options, host);
  return { name: registration.name, source: builtIn ? 'built-in' : choice.use, backend };
}

async function importRegistration(choice: BackendChoice<BackendKind>): Promise<BackendRegistration> {
  const path = resolveModule(choice);
  const module = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw wrong(
      choice,
      `the module "${path}" fails to load: ${error instanceof Error ? error.message : String(error)}`,
    );
  })) as { readonly registration?: Partial<BackendRegistration> };
  const { registration } = module;
  if (typeof registration?.create !== 'function' || !registration.options?.['~standard'] || !registration.name) {
    throw wrong(choice, `the module "${path}" does not export a "registration" made by defineBackend of @aurae/proto`);
  }
  if (registration.kind !== choice.kind) {
    throw wrong(
      choice,
      `the module offers a backend of kind "${registration.kind}", and "${choice.kind}" is asked for`,
    );
  }
  return registration as BackendRegistration;
}

function resolveModule(choice: BackendChoice<BackendKind>): string {
  for (const from of [choice.configFile, import.meta.url]) {
    try {
      return createRequire(from).resolve(choice.use);
    } catch {
      // Tried from the next place.
    }
  }
  const names = builtInNames(choice.kind).map((name) => `"${name}"`);
  throw wrong(
    choice,
    `it must be a built-in (${names.join(', ')}) or an installed npm module; no module of that name is found from the ` +
      'configuration file or from the daemon',
  );
}

async function parseOptions<Options>(
  choice: BackendChoice<BackendKind>,
  registration: BackendRegistration<BackendKind, Options>,
): Promise<Options> {
  const result = await registration.options['~standard'].validate(choice.options);
  if (!result.issues) return result.value;
  const faults = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    const key = [choice.configKey, 'options', ...path.map(String)].join('.');
    const value = describeValue(valueAt(choice.options, path));
    return `${choice.configFile}: ${key} = ${value} is not allowed: ${issue.message}`;
  });
  throw new ConfigError(faults.join('\n'), faults);
}

function wrong({ configFile, configKey, use }: BackendChoice<BackendKind>, reason: string): ConfigError {
  const fault = `${configFile}: ${configKey}.use = "${use}" is not usable: ${reason}`;
  return new ConfigError(fault, [fault]);
}
