import type { CallContext } from './call-context.js';
import type { ContainerBackend, ExecutableBackend, InstanceBackend, LogSink } from './gen/backend.js';
import type * as meta from './gen/meta.js';

/** Version of the backend contracts in `backend.proto`. */
export const backendProtocolVersion = 1;

/**
 * Takes the messages that a backend wants in the daemon's own log. A field `name` is the name of the workload that the line
 * is about. Never log the environment or the arguments of a command.
 */
export interface BackendLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Keeps the logs of workloads within the bounds of the node, whichever backend writes them. */
export interface WorkloadLogKeeper {
  /**
   * From now on the log in this directory (segments of CRI records, docs/decisions/0007) is kept within the bounds: what
   * is complete of it is indexed, compressed, and removed, oldest first. The segment that is written to is not touched.
   * The directory may be absent as yet.
   */
  keep(workload: meta.WorkloadReference, directory: string): KeptLog;
}

/** A log that is kept within its bounds. */
export interface KeptLog {
  /** Bytes on disk, as far as is known without a look. */
  readonly bytes: number;
  /** A further segment may have been begun: what was written before is complete. Cheap to call once too often. */
  rotated(): void;
  /** Lets go of it, and touches its files no more once that has resolved. Twice is harmless. */
  release(): Promise<void>;
}

/** What whoever runs a backend gives to it. */
export interface BackendHost {
  /** The backend's own directory for what must survive a reboot. Absolute; made, mode 0700, on first use. */
  readonly stateDir: string;
  /** The backend's own directory for what must survive the daemon but not a reboot: sockets, pid files. */
  readonly runDir: string;
  readonly log: BackendLog;
  /** Takes care of the logs that the backend writes; absent where nobody does, so that the backend has to. */
  readonly logs?: WorkloadLogKeeper;
}

/**
 * A schema of any library that speaks Standard Schema (https://standardschema.dev): zod, valibot, arktype and
 * others do. Only the part that validates is asked for.
 */
export interface OptionsSchema<Options> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => OptionsResult<Options> | Promise<OptionsResult<Options>>;
    readonly types?: { readonly input: unknown; readonly output: Options } | undefined;
  };
}

export type OptionsResult<Options> =
  | { readonly value: Options; readonly issues?: undefined }
  | { readonly issues: readonly OptionsIssue[] };

export interface OptionsIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The contract behind each kind of backend. */
export interface BackendContracts {
  executable: ExecutableBackend<CallContext>;
  container: ContainerBackend<CallContext>;
  instance: InstanceBackend<CallContext>;
  'log-sink': LogSink<CallContext>;
}

export type BackendKind = keyof BackendContracts;

/** A backend together with the end of its life, if it has to be told. Disposing twice is harmless. */
export type Disposable<Backend> = Backend & Partial<AsyncDisposable>;

/**
 * What a module exports as `registration` to offer a backend: the kind, the schema of its options, and how to make
 * one. The daemon parses the options once, calls `create` once, and disposes the result at its end.
 */
export interface BackendRegistration<Kind extends BackendKind = BackendKind, Options = unknown> {
  readonly kind: Kind;
  /** Stable and machine-readable, e.g. `process`. */
  readonly name: string;
  readonly options: OptionsSchema<Options>;
  /** Must not throw for what a host lacks: such a backend describes itself as unavailable, with the remedy. */
  create(
    options: Options,
    host: BackendHost,
  ): Disposable<BackendContracts[Kind]> | Promise<Disposable<BackendContracts[Kind]>>;
}

/** Infers the types of a registration; the value is returned as it is. */
export function defineBackend<Kind extends BackendKind, Options>(
  registration: BackendRegistration<Kind, Options>,
): BackendRegistration<Kind, Options> {
  return registration;
}
