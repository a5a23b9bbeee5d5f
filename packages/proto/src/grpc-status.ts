import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import {
  AlreadyExistsError,
  type AuraeError,
  CancelledError,
  CapabilityNotSupportedError,
  DeadlineExceededError,
  FailedPreconditionError,
  type FieldViolation,
  InternalError,
  isAuraeError,
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
import { GrpcCode } from './grpc-code.js';
import { grpcLibrary } from './grpc-library.js';

// The one place where an error becomes a gRPC status, and a status an error again.

const detailsTrailer = 'grpc-status-details-bin';
const errorDomain = 'aurae.io';
const typeUrlPrefix = 'type.googleapis.com/';
// HTTP/2 peers bound the size of all trailers together, and a call whose trailers are too large is never answered.
// 8 KiB is what every peer takes.
const maximumMessageBytes = 2048;
const maximumDetailsBytes = 3072;
const maximumViolations = 16;
const maximumFieldBytes = 64;

const codeOfReason: Readonly<Record<string, GrpcCode>> = {
  INVALID_SPEC: GrpcCode.invalidArgument,
  NOT_FOUND: GrpcCode.notFound,
  ALREADY_EXISTS: GrpcCode.alreadyExists,
  FAILED_PRECONDITION: GrpcCode.failedPrecondition,
  CAPABILITY_NOT_SUPPORTED: GrpcCode.unimplemented,
  RESOURCE_EXHAUSTED: GrpcCode.resourceExhausted,
  PERMISSION_DENIED: GrpcCode.permissionDenied,
  UNAUTHENTICATED: GrpcCode.unauthenticated,
  CANCELLED: GrpcCode.cancelled,
  DEADLINE_EXCEEDED: GrpcCode.deadlineExceeded,
  UNAVAILABLE: GrpcCode.unavailable,
  SHUTTING_DOWN: GrpcCode.unavailable,
  INTERNAL: GrpcCode.internal,
};

/** The status that tells a client of this error. Whatever is not an AuraeError becomes INTERNAL without its text. */
export function statusOfError(error: unknown, callId: string): StatusObject {
  const known = isAuraeError(error)
    ? error
    : new InternalError(`The daemon failed to serve this call; its log tells why, under call id "${callId}"`);
  const code = codeOfReason[known.reason] ?? GrpcCode.internal;
  const details = shorten(known.message, maximumMessageBytes);
  const metadata = new (grpcLibrary().Metadata)();
  metadata.set(detailsTrailer, encodedStatus(code, details, detailsOf(known)));
  return { code, details, metadata };
}

/** The error that a server meant with this status. */
export function errorOfStatus(error: ServiceError): AuraeError {
  const trailer = error.metadata?.get(detailsTrailer)[0];
  const details = trailer instanceof Buffer ? decodeDetails(trailer) : {};
  const options = { cause: error, metadata: details.info?.metadata ?? {} };
  const message = error.details || error.message;
  switch (error.code) {
    case GrpcCode.invalidArgument:
    case GrpcCode.outOfRange:
      return new InvalidSpecError(message, details.badRequest?.fieldViolations ?? [], options);
    case GrpcCode.notFound:
      return new NotFoundError(message, options);
    case GrpcCode.alreadyExists:
      return new AlreadyExistsError(message, options);
    case GrpcCode.failedPrecondition:
    case GrpcCode.aborted:
      return new FailedPreconditionError(message, options);
    case GrpcCode.unimplemented:
      return new CapabilityNotSupportedError(message, options);
    case GrpcCode.resourceExhausted: {
      const retryAfterMs = details.retryAfterMs;
      return new ResourceExhaustedError(message, retryAfterMs === undefined ? options : { ...options, retryAfterMs });
    }
    case GrpcCode.permissionDenied:
      return new PermissionDeniedError(message, options);
    case GrpcCode.unauthenticated:
      return new UnauthenticatedError(message, options);
    case GrpcCode.cancelled:
      return new CancelledError(message, options);
    case GrpcCode.deadlineExceeded:
      return new DeadlineExceededError(message, options);
    case GrpcCode.unavailable:
      return details.info?.reason === 'SHUTTING_DOWN'
        ? new ShuttingDownError(message, options)
        : new UnavailableError(message, options);
    default:
      return new InternalError(message, options);
  }
}

/** The status with as many details as there is room for; the most important come first. */
function encodedStatus(code: GrpcCode, message: string, details: Status['details']): Buffer {
  const kept: Status['details'] = [];
  let bytes = 0;
  for (const detail of details) {
    bytes += detail.typeUrl.length + detail.value.length;
    if (bytes > maximumDetailsBytes) break;
    kept.push(detail);
  }
  // The message is sent once already, and cut here so that base64 does not make it half as large again.
  return Buffer.from(Status.encode({ code, message: shorten(message, 512), details: kept }).finish());
}

function detailsOf(error: AuraeError): Status['details'] {
  const info = { reason: error.reason, domain: errorDomain, metadata: error.metadata };
  const details = [packed('google.rpc.ErrorInfo', ErrorInfo.encode(fits(info) ? info : { ...info, metadata: {} }))];
  const { violations = [], retryAfterMs } = error as Partial<InvalidSpecError & ResourceExhaustedError>;
  if (violations.length > 0) {
    details.push(packed('google.rpc.BadRequest', BadRequest.encode({ fieldViolations: fieldViolations(violations) })));
  }
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1000);
    const nanos = Math.round((retryAfterMs - seconds * 1000) * 1e6);
    details.push(packed('google.rpc.RetryInfo', RetryInfo.encode({ retryDelay: { seconds: BigInt(seconds), nanos } })));
  }
  return details;
}

function fits({ metadata }: { metadata: Readonly<Record<string, string>> }): boolean {
  const entries = Object.entries(metadata);
  return entries.reduce((bytes, [key, value]) => bytes + Buffer.byteLength(key + value), 0) <= 1024;
}

function fieldViolations(violations: readonly FieldViolation[]): BadRequest['fieldViolations'] {
  // All together they must leave room for the rest.
  const descriptionBytes = Math.floor(1600 / Math.min(violations.length, maximumViolations)) - maximumFieldBytes;
  return violations.slice(0, maximumViolations).map(({ field, description }) => ({
    field: shorten(field, maximumFieldBytes),
    description: shorten(description, descriptionBytes),
  }));
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

/** At most so many bytes as the `grpc-message` trailer encodes them, where all but plain ASCII takes three a byte. */
function shorten(text: string, maximumBytes: number): string {
  let bytes = 0;
  let kept = 0;
  for (const character of text) {
    bytes += /^[ -$&-~]$/.test(character) ? 1 : Buffer.byteLength(character) * 3;
    if (bytes > maximumBytes) return `${text.slice(0, kept)}… (shortened)`;
    kept += character.length;
  }
  return text;
}
