import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callContext, type observe, runtime, UnavailableError } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../../src/composition/create-daemon.js';
import type { CertificateRequest } from '../../src/pki/issue-certificate.js';
import { daysFrom, makeAuthority, makeCertificate } from '../pki/certificates.js';
import { DaemonFixture, scriptedCalls } from './daemon-fixture.js';
import { daemonLogRequest } from './daemon-log-request.js';

let fixture: DaemonFixture;
let daemon: Daemon;
beforeEach(async () => {
  fixture = new DaemonFixture();
  daemon = await fixture.start();
  scriptedCalls().length = 0;
});
afterEach(() => fixture[Symbol.asyncDispose]());

const ping = runtime.Executable.fromPartial({ command: 'ping' });

/** The daemon's own CA, as one who has its key would use it. */
function authority() {
  return {
    certificate: new X509Certificate(readFileSync(join(fixture.pkiDir, 'ca.crt'))),
    key: createPrivateKey(readFileSync(join(fixture.pkiDir, 'ca.key'))),
  };
}

async function clientWith(request: Partial<CertificateRequest>, issuer = authority()) {
  const { certPem, keyPem } = await makeCertificate({ usage: 'client', ...request }, issuer);
  const files = {
    ca: join(fixture.pkiDir, 'ca.crt'),
    certificate: join(fixture.root, 'client.crt'),
    key: join(fixture.root, 'client.key'),
  };
  writeFileSync(files.certificate, certPem);
  writeFileSync(files.key, keyPem);
  return fixture.client(daemon, files);
}

/** The reason in the log for the next connection that is refused. */
async function nextRefusal(): Promise<string> {
  const { observe } = fixture.client(daemon);
  const isRefusal = (item: observe.LogItem) => item.line === 'Connection refused';
  for await (const item of observe.getAuraeDaemonLogStream(
    callContext(),
    daemonLogRequest({ backlogOnly: false, tail: 0 }),
  )) {
    if (isRefusal(item)) return (JSON.parse(item.fieldsJson) as { reason: string }).reason;
  }
  throw new Error('The log ended without a refusal');
}

describe('a client that is not let in', () => {
  const yesterday = daysFrom(new Date(), -1);
  const tomorrow = daysFrom(new Date(), 1);
  const cases: [string, () => Promise<{ runtime: runtime.Runtime<never> }>, RegExp][] = [
    [
      'without a certificate',
      async () => fixture.client(daemon, 'nobody'),
      /PEER_DID_NOT_RETURN|peer did not return a certificate/i,
    ],
    [
      'with a certificate of another CA',
      async () => clientWith({}, await makeAuthority()),
      /client certificate refused/,
    ],
    [
      'with an expired certificate',
      () => clientWith({ notBefore: daysFrom(yesterday, -1), notAfter: yesterday }),
      /CERT_HAS_EXPIRED/,
    ],
    [
      'with a certificate of tomorrow',
      () => clientWith({ notBefore: tomorrow, notAfter: daysFrom(tomorrow, 1) }),
      /CERT_NOT_YET_VALID/,
    ],
    [
      'with a certificate for servers',
      () => clientWith({ usage: 'server' }),
      /client certificate refused|INVALID_PURPOSE/,
    ],
    [
      'with a certificate that names nobody',
      () => clientWith({ commonName: 'spiffe://x/y' }),
      /neither a SPIFFE id nor/,
    ],
  ];
  it.each(cases)('%s: is refused, and the log says why', async (_, connect, reason) => {
    const { runtime } = await connect();
    await expect(runtime.exec(callContext() as never, ping)).rejects.toThrow(UnavailableError);
    expect(await nextRefusal()).toMatch(reason);
    expect(scriptedCalls()).toEqual([]);
  });
});

describe('a client that is let in', () => {
  it('is known by its SPIFFE id', async () => {
    const uri = 'spiffe://unsafe.aurae.io/client/robot';
    const { runtime } = await clientWith({ uris: [uri], commonName: 'other' });
    await runtime.exec(callContext(), ping);
    expect(scriptedCalls()[0]?.identity).toBe(uri);
  });

  it('is known by its common name when it has no SPIFFE id', async () => {
    const { runtime } = await clientWith({ commonName: 'robot' });
    await runtime.exec(callContext(), ping);
    expect(scriptedCalls()[0]?.identity).toBe('robot');
  });
});
