import { FailedPreconditionError } from '@aurae/proto';
import { asIssuer, type CertificateAuthority } from './certificate-authority.js';
import { replaceFileDurably } from '../lifecycle/durable-file.js';
import { issueCertificate } from './issue-certificate.js';
import type { LeafProfile } from './leaf-profile.js';
import { inspectLeaf, type LeafPaths, type LeafState } from './leaf-state.js';
import { ensurePrivateKey } from './private-key.js';
import { leafDays, validityFor } from './validity.js';

export interface Leaf {
  readonly paths: LeafPaths;
  readonly profile: LeafProfile;
  /** Whether the daemon cannot start without it; else what is wrong becomes a warning. */
  readonly required: boolean;
}

export interface EnsuredLeaf {
  readonly generated: readonly string[];
  readonly warnings: readonly string[];
}

type UnsoundState = Exclude<LeafState, { kind: 'sound' }>;

/** How often a pair is made again that another process changed meanwhile. */
const maximumAttempts = 3;

/** Completes, repairs or renews a key and its certificate as far as the authority's key is at hand. */
export async function ensureLeaf(leaf: Leaf, authority: CertificateAuthority, now: Date): Promise<EnsuredLeaf> {
  let generated: string[] = [];
  for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
    const state = await inspectLeaf(leaf.paths, leaf.profile, authority.certificate, now);
    if (state.kind === 'sound') return { generated, warnings: [] };
    if (!mayIssue(leaf, state, authority)) return unsound(leaf, state);
    try {
      await issueLeaf(leaf, authority, now);
    } catch (error) {
      // On a read-only file system, say: what can still be used is no reason to stay down.
      if (state.kind !== 'due') throw error;
      return unsound(leaf, {
        ...state,
        reason: `${state.reason}, and to renew it failed: ${(error as Error).message}`,
      });
    }
    generated = [leaf.paths.certificate];
  }
  throw new FailedPreconditionError(
    `Cannot make the certificate ${JSON.stringify(leaf.paths.certificate)}: it keeps changing; stop what else writes it`,
  );
}

function mayIssue(leaf: Leaf, state: UnsoundState, authority: CertificateAuthority): boolean {
  if (state.kind === 'foreign' || authority.key === undefined) return false;
  return leaf.required || state.kind !== 'keyless';
}

/** The key is kept where it can be, so that a renewal replaces one file only and a reader never sees half a pair. */
async function issueLeaf({ paths, profile }: Leaf, authority: CertificateAuthority, now: Date): Promise<void> {
  const issuer = asIssuer(authority, now);
  const key = await ensurePrivateKey(paths.key);
  const validity = validityFor(now, leafDays, issuer.certificate);
  const data = await issueCertificate({ ...profile, key, ...validity }, issuer);
  await replaceFileDurably({ path: paths.certificate, data, mode: 0o644 });
}

function unsound({ paths, required }: Leaf, { kind, reason }: UnsoundState): EnsuredLeaf {
  const subject = `the certificate ${JSON.stringify(paths.certificate)}: ${reason}`;
  const advice =
    kind === 'foreign'
      ? 'replace it, or name your own certificates by flags'
      : 'put "ca.key" back and start auraed again to make it anew';
  if (required && kind !== 'due') throw new FailedPreconditionError(`Cannot use ${subject}; ${advice}`);
  return { generated: [], warnings: [`Check ${subject}; ${advice}`] };
}
