import type { X509Certificate } from 'node:crypto';
import { InvalidSpecError } from '@aurae/proto';

const dayMs = 86_400_000;
/** A machine whose clock is behind by less than this accepts a fresh certificate. */
const clockSkewMs = 5 * 60_000;
const renewBeforeMs = 30 * dayMs;

export const authorityDays = 3650;
export const leafDays = 365;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From now (less the clock skew) for `days`, but no longer than the issuer itself is valid. */
export function validityFor(now: Date, days: number, issuer?: X509Certificate): Validity {
  const notAfter = now.getTime() + days * dayMs;
  const limit = issuer === undefined ? Number.POSITIVE_INFINITY : Date.parse(issuer.validTo);
  return { notBefore: new Date(now.getTime() - clockSkewMs), notAfter: new Date(Math.min(notAfter, limit)) };
}

export function assertDays(days: number): void {
  if (!Number.isInteger(days) || days < 1 || days > authorityDays) {
    throw new InvalidSpecError(
      `Cannot issue a certificate for ${JSON.stringify(days)} days: give a whole number from 1 to ${authorityDays}`,
    );
  }
}

export function isExpired(certificate: X509Certificate, now: Date): boolean {
  return Date.parse(certificate.validTo) <= now.getTime();
}

export function isNotYetValid(certificate: X509Certificate, now: Date): boolean {
  return Date.parse(certificate.validFrom) > now.getTime();
}

/** Less than 30 days left; of a short-lived certificate, less than a third of its life. */
export function isAboutToExpire(certificate: X509Certificate, now: Date): boolean {
  const notAfter = Date.parse(certificate.validTo);
  const life = notAfter - Date.parse(certificate.validFrom);
  return notAfter - now.getTime() < Math.min(renewBeforeMs, life / 3);
}

/** `expired on 2026-01-31` or `expires on 2026-01-31`. */
export function describeExpiry(certificate: X509Certificate, now: Date): string {
  const day = new Date(certificate.validTo).toISOString().slice(0, 10);
  return isExpired(certificate, now) ? `it expired on ${day}` : `it expires on ${day}`;
}
