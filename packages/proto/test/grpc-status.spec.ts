import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as aurae from '../src/index.js';
import {
  type AuraeError,
  errorOfStatus,
  InvalidSpecError,
  ResourceExhaustedError,
  statusOfError,
} from '../src/index.js';

const classes = [
  aurae.InvalidSpecError,
  aurae.NotFoundError,
  aurae.AlreadyExistsError,
  aurae.FailedPreconditionError,
  aurae.CapabilityNotSupportedError,
  aurae.ResourceExhaustedError,
  aurae.PermissionDeniedError,
  aurae.UnauthenticatedError,
  aurae.CancelledError,
  aurae.DeadlineExceededError,
  aurae.UnavailableError,
  aurae.ShuttingDownError,
  aurae.InternalError,
] as const;

function overTheWire(error: unknown): AuraeError {
  return errorOfStatus(Object.assign(new Error('wire'), statusOfError(error, 'call-1')) as ServiceError);
}

describe('an error over gRPC', () => {
  it.each(classes.map((errorClass) => [errorClass.name, errorClass] as const))(
    '%s stays what it is',
    (_, errorClass) => {
      fc.assert(
        fc.property(
          fc.string({ minLength: 1, maxLength: 500 }),
          fc.dictionary(
            fc.string().filter((key) => key !== '__proto__'),
            fc.string(),
          ),
          (text, metadata) => {
            const received = overTheWire(
              new (errorClass as typeof aurae.NotFoundError)(text, ...optionsOf(errorClass, metadata)),
            );
            expect(received.constructor).toBe(errorClass);
            expect(received.message).toBe(text);
            expect({ ...received.metadata }).toEqual({ ...metadata });
          },
        ),
      );
    },
  );

  it('carries the fields that are wrong', () => {
    const violations = [{ field: 'env.A=B', description: 'a name must not hold "="' }];
    expect((overTheWire(new InvalidSpecError('Invalid', violations)) as InvalidSpecError).violations).toEqual(
      violations,
    );
  });

  it('carries when to try again', () => {
    const error = new ResourceExhaustedError('Too many', { retryAfterMs: 1500 });
    expect((overTheWire(error) as ResourceExhaustedError).retryAfterMs).toBe(1500);
  });

  it('never sends a cause or the text of a fault', () => {
    const sent = statusOfError(new Error('password=hunter2'), 'call-9');
    expect(sent.code).toBe(status.INTERNAL);
    expect(JSON.stringify(sent)).not.toContain('hunter2');
    expect(sent.details).toContain('call-9');
  });

  it('cuts a message that no trailer would carry', () => {
    const received = overTheWire(new aurae.NotFoundError('x'.repeat(100_000)));
    expect(received.message.length).toBeLessThan(3000);
    expect(received.message).toContain('shortened');
  });

  it('always fits into the trailers of a call, however long its parts are', () => {
    const long = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.constant('x'.repeat(200_000)),
      fc.constant('ü€'.repeat(20_000)),
    );
    const violations = fc.array(fc.record({ field: long, description: long }), { maxLength: 2000 });
    const metadata = fc.dictionary(fc.string(), long, { maxKeys: 50 });
    fc.assert(
      fc.property(long, violations, metadata, (message, fields, facts) => {
        const sent = statusOfError(new InvalidSpecError(message, fields, { metadata: facts }), 'call-1');
        const trailer = sent.metadata.get('grpc-status-details-bin')[0] as Buffer;
        expect(trailer.toString('base64').length + encodeURIComponent(sent.details).length).toBeLessThan(8000);
        expect(overTheWire(new InvalidSpecError(message, fields))).toBeInstanceOf(InvalidSpecError);
      }),
      { numRuns: 50 },
    );
  });

  it('survives details that are no protobuf', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const metadata = new Metadata();
        metadata.set('grpc-status-details-bin', Buffer.from(bytes));
        const error = Object.assign(new Error('x'), { code: status.NOT_FOUND, details: 'gone', metadata });
        expect(errorOfStatus(error)).toMatchObject({ message: 'gone' });
      }),
    );
  });
});

function optionsOf(errorClass: unknown, metadata: Record<string, string>): [{ metadata: Record<string, string> }] {
  return (errorClass === aurae.InvalidSpecError ? [[], { metadata }] : [{ metadata }]) as never;
}
