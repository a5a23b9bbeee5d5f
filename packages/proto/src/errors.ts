/** A field of a request and what is wrong with it. */
export interface FieldViolation {
  /** Path of the field as the wire names it, e.g. `env.PATH`. */
  readonly field: string;
  readonly description: string;
}

export interface AuraeErrorOptions extends ErrorOptions {
  /** Facts for a program, sent to the client. Never a secret. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The same in every copy of this package: a backend's module may have brought its own. */
const errorBrand = Symbol.for('@aurae/proto/AuraeError');

/** Whether it is an AuraeError, of this copy of the package or of another. */
export function isAuraeError(error: unknown): error is AuraeError {
  return error instanceof Error && errorBrand in error;
}

/**
 * An error with a meaning that a client may act on. The message is a sentence for a person: it names the object and
 * the failed action, quotes values and tells the next step. `cause` is for the log and is never sent to a client.
 */
export abstract class AuraeError extends Error {
  readonly [errorBrand] = true;
  /** Constant, UPPER_SNAKE_CASE: what a program compares. */
  abstract readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(message: string, options: AuraeErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.metadata = options.metadata ?? {};
  }
}

/** A request that cannot be right, whatever the state of the node. */
export class InvalidSpecError extends AuraeError {
  readonly reason = 'INVALID_SPEC';
  readonly violations: readonly FieldViolation[];

  constructor(message: string, violations: readonly FieldViolation[] = [], options: AuraeErrorOptions = {}) {
    super(message, options);
    this.violations = violations;
  }
}

/** A name that nothing carries. */
export class NotFoundError extends AuraeError {
  readonly reason = 'NOT_FOUND';
}

/** A name that something carries already. */
export class AlreadyExistsError extends AuraeError {
  readonly reason = 'ALREADY_EXISTS';
}

/** A right request that the node, as it is now, cannot serve: something is missing, or in the wrong state. */
export class FailedPreconditionError extends AuraeError {
  readonly reason = 'FAILED_PRECONDITION';
}

/** Something that this backend, or this version, does not do. */
export class CapabilityNotSupportedError extends AuraeError {
  readonly reason = 'CAPABILITY_NOT_SUPPORTED';
}

/** A limit of the daemon or of the host was reached. */
export class ResourceExhaustedError extends AuraeError {
  readonly reason = 'RESOURCE_EXHAUSTED';
  /** When to try again; absent when that is not known. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: AuraeErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The caller's identity is known and may not do this. */
export class PermissionDeniedError extends AuraeError {
  readonly reason = 'PERMISSION_DENIED';
}

/** The caller's identity is not known. */
export class UnauthenticatedError extends AuraeError {
  readonly reason = 'UNAUTHENTICATED';
}

/** The caller went away. */
export class CancelledError extends AuraeError {
  readonly reason = 'CANCELLED';
}

/** The caller's deadline passed. */
export class DeadlineExceededError extends AuraeError {
  readonly reason = 'DEADLINE_EXCEEDED';
}

/** Nobody serves at the other end, or not yet, or no longer. */
export class UnavailableError extends AuraeError {
  readonly reason: string = 'UNAVAILABLE';
}

/** The daemon is on its way down and takes no new work. */
export class ShuttingDownError extends UnavailableError {
  override readonly reason = 'SHUTTING_DOWN';
}

/** A fault of the product. The message tells no internals; the log has them under the call's id. */
export class InternalError extends AuraeError {
  readonly reason = 'INTERNAL';
}
