import { InvalidSpecError } from '@aurae/proto';

/** Trust domain of a daemon that was not told another. */
export const defaultTrustDomain = 'unsafe.aurae.io';

export interface SpiffeId {
  /** The whole id, as it is compared. */
  readonly id: string;
  readonly trustDomain: string;
  /** Starts with a slash. */
  readonly path: string;
}

const trustDomainPattern = /^[a-z0-9._-]{1,255}$/;
const segmentPattern = /^[A-Za-z0-9._-]+$/;
const maximumBytes = 2048;

export function isTrustDomain(name: string): boolean {
  return trustDomainPattern.test(name);
}

export function assertTrustDomain(name: string): void {
  if (!isTrustDomain(name)) {
    throw new InvalidSpecError(
      `Cannot use ${JSON.stringify(name)} as a trust domain: give 1 to 255 characters of a-z, 0-9, ".", "_" and "-"`,
    );
  }
}

/** Whether a URI claims to be a SPIFFE id, valid or not. */
export function hasSpiffeScheme(uri: string): boolean {
  return /^spiffe:/i.test(uri);
}

/**
 * The workload id in `uri`, or undefined when it is not one. The grammar is that of the SPIFFE-ID standard, section 2
 * (https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md): no user, port, query, fragment, percent
 * encoding, empty or dot segment. Matching by grammar instead of `new URL` leaves nothing to be normalized, so two
 * ids are the same exactly when their strings are.
 */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  const prefix = 'spiffe://';
  if (uri.length > maximumBytes || !uri.startsWith(prefix)) return undefined;
  const [trustDomain = '', ...segments] = uri.slice(prefix.length).split('/');
  if (!isTrustDomain(trustDomain) || segments.length === 0 || !segments.every(isPathSegment)) return undefined;
  return { id: uri, trustDomain, path: `/${segments.join('/')}` };
}

function isPathSegment(segment: string): boolean {
  return segmentPattern.test(segment) && segment !== '.' && segment !== '..';
}
