import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from './support/run-cli.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aurae-pki-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A stand-in for auraed that notes its arguments and does as the test says. */
function fakeAuraed(body: string): string {
  const path = join(dir, 'auraed');
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" > '${dir}/args'\n${body}\n`, { mode: 0o755 });
  return path;
}

function issuing(): string {
  const issued = {
    name: 'alice',
    certificate: join(dir, '_signed.client.alice.crt'),
    key: join(dir, 'client.alice.key'),
    ca: join(dir, 'ca.crt'),
    identity: 'spiffe://aurae.local/client/alice',
    expiresAt: '2027-01-02T03:04:05.000Z',
  };
  for (const file of [issued.certificate, issued.key, issued.ca]) writeFileSync(file, `content of ${file}`);
  return fakeAuraed(`echo '${JSON.stringify(issued)}'`);
}

const issue = (args: string[], auraed: string) => runCli(['pki', 'issue', ...args], { AURAED: auraed });

test('passes the flags on, and shows what to put into the configuration', async () => {
  const flags = ['--days', '90', '--overwrite', '--pki-dir', '/pki', '--root', '/root-dir'];
  const result = await issue(['alice', ...flags], issuing());
  expect(result).toMatchObject({
    code: 0,
    stderr: '',
    stdout: `Issued "alice", known to auraed as spiffe://aurae.local/client/alice, valid until 2027-01-02.

To use it, put this into ~/.aurae/config:

[auth]
ca_crt = "${dir}/ca.crt"
client_crt = "${dir}/_signed.client.alice.crt"
client_key = "${dir}/client.alice.key"
`,
  });
  expect(readFileSync(join(dir, 'args'), 'utf8').trim().split('\n')).toEqual([
    'pki',
    'issue',
    '--days=90',
    '--root=/root-dir',
    '--pki-dir=/pki',
    '--overwrite',
    '--output=json',
    '--',
    'alice',
  ]);
});

test('copies to --out, the key for the owner alone, and refuses to write over files', async () => {
  const auraed = issuing();
  const out = join(dir, 'out');
  const { stdout } = await issue(['alice', '--out', out, '--output', 'json'], auraed);
  const issued = JSON.parse(stdout) as Record<string, string>;
  expect(issued['key']).toBe(join(out, 'client.alice.key'));
  expect(readFileSync(join(out, 'client.alice.key'), 'utf8')).toBe(`content of ${dir}/client.alice.key`);
  expect(statSync(join(out, 'client.alice.key')).mode & 0o777).toBe(0o600);
  expect(await issue(['alice', '--out', out], auraed)).toMatchObject({
    code: 2,
    stderr: `aurae: "${out}/_signed.client.alice.crt" exists already: give --overwrite to replace it, or another --out directory\n`,
  });
  expect((await issue(['alice', '--out', out, '--overwrite'], auraed)).code).toBe(0);
});

test('an error of auraed is told as if it were its own', async () => {
  const auraed = fakeAuraed(
    `echo '{"error":{"reason":"ALREADY_EXISTS","message":"There is a client alice"}}' >&2; exit 1`,
  );
  expect(await issue(['alice'], auraed)).toMatchObject({ code: 1, stderr: 'aurae: There is a client alice\n' });
  const { stderr } = await issue(['alice', '--output=json'], auraed);
  expect(JSON.parse(stderr)).toEqual({ error: { reason: 'ALREADY_EXISTS', message: 'There is a client alice' } });
});

test('an auraed that breaks is told with its last words', async () => {
  const auraed = fakeAuraed('echo one >&2; echo two >&2; exit 3');
  expect(await issue(['alice'], auraed)).toMatchObject({
    code: 1,
    stderr: 'aurae: auraed failed with exit code 3: two\n',
  });
});

test('an auraed that is not there is told', async () => {
  expect(await issue(['alice'], '/nonexistent/auraed')).toMatchObject({
    code: 1,
    stderr:
      'aurae: Cannot run auraed, which issues the certificates: "/nonexistent/auraed" does not exist. Install auraed, ' +
      'or name it with AURAED\n',
  });
});
