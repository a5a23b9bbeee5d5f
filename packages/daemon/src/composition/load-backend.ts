import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { BackendHost, BackendKind, BackendRegistration, Disposable, BackendContracts } from '@aurae/proto';
import { resolve } from 'import-meta-resolve';
import { ConfigError } from '../config/config-error.js';
import { optionFaults } from '../config/config-faults.js';
import { describeValue } from '../config/describe-value.js';
import { StartupError } from '../lifecycle/startup-error.js';
import { builtInBackend, builtInNames } from './built-in-backends.js';
import { wholeContract } from './whole-contract.js';

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
  const backend = await create(choice, registration, options, host);
  return { name: registration.name, source: builtIn ? 'built-in' : choice.use, backend };
}

async function create<Kind extends BackendKind>(
  { configFile, configKey, use, kind }: BackendChoice<Kind>,
  registration: BackendRegistration<Kind>,
  options: unknown,
  host: BackendHost,
): Promise<Disposable<BackendContracts[Kind]>> {
  const setting = `${configFile}: ${configKey}.use = ${describeValue(use)}`;
  let backend: Disposable<BackendContracts[Kind]>;
  try {
    backend = await registration.create(options, host);
  } catch (error) {
    throw new StartupError(`${setting} fails to start: ${error instanceof Error ? error.message : String(error)}`);
  }
  const missing = essentials[kind].filter(
    (method) => typeof (backend as unknown as Methods | undefined)?.[method] !== 'function',
  );
  if (missing.length > 0)
    throw new StartupError(`${setting} makes no ${kind} backend: it has no ${missing.join(', ')}`);
  return wholeContract(kind, registration.name, backend);
}

type Methods = Readonly<Record<string, unknown>>;

/** Without these no daemon could use it; what else is missing answers UNIMPLEMENTED. */
const essentials: Readonly<Record<BackendKind, readonly string[]>> = {
  executable: ['describe'],
  container: ['describe'],
  instance: ['describe'],
  'log-sink': ['describe', 'write', 'flush'],
};

async function importRegistration(choice: BackendChoice<BackendKind>): Promise<BackendRegistration> {
  const path = resolveModule(choice);
  const module = (await import(path).catch((error: unknown) => {
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

/** As `import` would, so that packages with nothing but an `import` in their `exports` are found too. */
function resolveModule(choice: BackendChoice<BackendKind>): string {
  const reasons: string[] = [];
  for (const from of [pathToFileURL(choice.configFile).href, import.meta.url]) {
    try {
      const url = new URL(resolve(choice.use, from));
      if (url.protocol !== 'file:') break;
      if (existsSync(url)) return url.href;
      reasons.push(`there is no file "${url.pathname}"`);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const names = builtInNames(choice.kind).map((name) => `"${name}"`);
  throw wrong(
    choice,
    `it must be a built-in (${names.join(', ')}) or an npm module, looked up from the folder of the configuration file ` +
      `and then from the daemon${reasons[0] ? `: ${reasons[0]}` : ''}`,
  );
}

async function parseOptions<Options>(
  choice: BackendChoice<BackendKind>,
  registration: BackendRegistration<BackendKind, Options>,
): Promise<Options> {
  const result = await registration.options['~standard'].validate(choice.options);
  if (!result.issues) return result.value;
  const key = `${choice.configKey}.options`;
  const faults = optionFaults(choice.configFile, key, choice.options, registration.options, result.issues);
  throw new ConfigError(faults.join('\n'), faults);
}

function wrong({ configFile, configKey, use }: BackendChoice<BackendKind>, reason: string): ConfigError {
  const fault = `${configFile}: ${configKey}.use = ${describeValue(use)} is not usable: ${reason}`;
  return new ConfigError(fault, [fault]);
}
