import { isIP } from 'node:net';
import { InvalidSpecError } from '@aurae/proto';
import { assertClientName } from './client-name.js';
import type { CertificateRequest } from './issue-certificate.js';
import { assertTrustDomain } from './spiffe-id.js';

/** What a certificate says, apart from its key and its time. */
export type LeafProfile = Pick<CertificateRequest, 'usage' | 'commonName'> &
  Required<Pick<CertificateRequest, 'dns' | 'ips' | 'uris'>>;

/** The name that the early clients ask for, whatever they connect to. */
const serverName = 'server.unsafe.aurae.io';
const dnsNamePattern = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @param names further DNS names and IP addresses under which clients reach the server over TCP */
export function serverProfile(trustDomain: string, names: readonly string[] = []): LeafProfile {
  assertTrustDomain(trustDomain);
  for (const name of names) assertServerName(name);
  const isAddress = (name: string): boolean => isIP(name) !== 0;
  return {
    usage: 'server',
    commonName: serverName,
    dns: unique([serverName, 'localhost', ...names.filter((name) => !isAddress(name))]),
    ips: unique(['127.0.0.1', '::1', ...names.filter(isAddress)]),
    uris: [`spiffe://${trustDomain}/auraed`],
  };
}

export function clientProfile(trustDomain: string, name: string): LeafProfile {
  assertTrustDomain(trustDomain);
  assertClientName(name);
  return { usage: 'client', commonName: name, dns: [], ips: [], uris: [`spiffe://${trustDomain}/client/${name}`] };
}

function assertServerName(name: string): void {
  const isAddress = isIP(name) !== 0 && !name.includes('%');
  if (isAddress || (dnsNamePattern.test(name) && name.length <= 253)) return;
  throw new InvalidSpecError(
    `Cannot put ${JSON.stringify(name)} into the server certificate: give a DNS name in lower case or an IP address`,
  );
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
