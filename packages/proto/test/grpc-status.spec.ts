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
