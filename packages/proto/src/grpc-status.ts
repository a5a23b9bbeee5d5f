import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import {
  AlreadyExistsError,
  AuraeError,
  CancelledError,
  CapabilityNotSupportedError,
  DeadlineExceededError,
  FailedPreconditionError,
  InternalError,
  InvalidSpecError,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  ShuttingDownError,
  UnauthenticatedError,
  UnavailableError,
} from './errors.js';
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js';
import { Status } from './gen/google/rpc/status.js';

// The one place where an error becomes a gRPC status, and a status an error again.

const detailsTrailer = 'grpc-status-details-bin';
const errorDomain = 'aurae.io';
const typeUrlPrefix = 'type.googleapis.com/';
/** HTTP/2 peers bound the size of trailers; 8 KiB in all is what every one of them takes. */
const maximumMessageLength = 2048;

const codeOfReason: Readonly<Record<string, status>> = {
  INVALID_SPEC: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  FAILED_PRECONDITION: status.FAILED_PRECONDITION,
  CAPABILITY_NOT_SUPPORTED: status.UNIMPLEMENTED,
  RESOURCE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  CANCELLED: status.CANCELLED,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
};

/** The status that tells a client of this error. Whatever is not an AuraeError becomes INTERNAL without its text. */
export function statusOfError(error: unknown, callId: string): StatusObject {
  const known =
    error instanceof AuraeError
      ? error
      : new InternalError(`The daemon failed to serve this call; its log tells why, under call id "${callId}"`);
  const code = codeOfReason[known.reason] ?? status.INTERNAL;
  const details = shorten(known.message);
  const metadata = new Metadata();
  metadata.set(
    detailsTrailer,
    Buffer.from(Status.encode({ code, message: details, details: detailsOf(known) }).finish()),
  );
  return { code, details, metadata };
}

/** The error that a server meant with this status. */
export function errorOfStatus(error: ServiceError): AuraeError {
  const trailer = error.metadata?.get(detailsTrailer)[0];
  const details = trailer instanceof Buffer ? decodeDetails(trailer) : {};
  const options = { cause: error, metadata: details.info?.metadata ?? {} };
  const message = error.details || error.message;
  switch (error.code) {
    case status.INVALID_ARGUMENT:
    case status.OUT_OF_RANGE:
      return new InvalidSpecError(message, details.badRequest?.fieldViolations ?? [], options);
    case status.NOT_FOUND:
      return new NotFoundError(message, options);
    case status.ALREADY_EXISTS:
      return new AlreadyExistsError(message, options);
    case status.FAILED_PRECONDITION:
    case status.ABORTED:
      return new FailedPreconditionError(message, options);
    case status.UNIMPLEMENTED:
      return new CapabilityNotSupportedError(message, options);
    case status.RESOURCE_EXHAUSTED: {
      const retryAfterMs = details.retryAfterMs;
      return new ResourceExhaustedError(message, retryAfterMs === undefined ? options : { ...options, retryAfterMs });
    }
    case status.PERMISSION_DENIED:
      return new PermissionDeniedError(message, options);
    case status.UNAUTHENTICATED:
      return new UnauthenticatedError(message, options);
    case status.CANCELLED:
      return new CancelledError(message, options);
    case status.DEADLINE_EXCEEDED:
      return new DeadlineExceededError(message, options);
    case status.UNAVAILABLE:
      return details.info?.reason === 'SHUTTING_DOWN'
        ? new ShuttingDownError(message, options)
        : new UnavailableError(message, options);
    default:
      return new InternalError(message, options);
  }
}

function detailsOf(error: AuraeError): Status['details'] {
  const details = [
    packed(
      'google.rpc.ErrorInfo',
      ErrorInfo.encode({ reason: error.reason, domain: errorDomain, metadata: error.metadata }),
    ),
  ];
  if (error instanceof InvalidSpecError && error.violations.length > 0) {
    const fieldViolations = error.violations.map((violation) => ({
      field: violation.field,
      description: shorten(violation.description),
    }));
    details.push(packed('google.rpc.BadRequest', BadRequest.encode({ fieldViolations })));
  }
  if (error instanceof ResourceExhaustedError && error.retryAfterMs !== undefined) {
    const seconds = Math.floor(error.retryAfterMs / 1000);
    const nanos = Math.round((error.retryAfterMs - seconds * 1000) * 1e6);
    details.push(packed('google.rpc.RetryInfo', RetryInfo.encode({ retryDelay: { seconds: BigInt(seconds), nanos } })));
  }
  return details;
}

function packed(type: string, message: { finish(): Uint8Array }): Status['details'][number] {
  return { typeUrl: typeUrlPrefix + type, value: Buffer.from(message.finish()) };
}

interface ErrorDetails {
  info?: ErrorInfo;
  badRequest?: BadRequest;
  retryAfterMs?: number;
}

/** A peer's trailer is outside input: what cannot be read is left out. */
function decodeDetails(trailer: Buffer): ErrorDetails {
  const found: ErrorDetails = {};
  try {
    for (const { typeUrl, value } of Status.decode(trailer).details) {
      switch (typeUrl) {
        case `${typeUrlPrefix}google.rpc.ErrorInfo`:
          found.info = ErrorInfo.decode(value);
          break;
        case `${typeUrlPrefix}google.rpc.BadRequest`:
          found.badRequest = BadRequest.decode(value);
          break;
        case `${typeUrlPrefix}google.rpc.RetryInfo`: {
          const delay = RetryInfo.decode(value).retryDelay;
          if (delay) found.retryAfterMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
          break;
        }
      }
    }
  } catch {
    return found;
  }
  return found;
}

function shorten(text: string): string {
  return text.length <= maximumMessageLength ? text : `${text.slice(0, maximumMessageLength)}… (shortened)`;
}
