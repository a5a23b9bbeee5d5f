import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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

const issue = (args: string[], auraed: string) =>
  runCli(['pki', 'issue', ...args], { AURAED: auraed, AURAE_ROOT: '/root-dir' });

test('passes the flags on, and shows what to put into the configuration', async () => {
  const flags = ['--days', '90', '--overwrite', '--pki-dir', '/pki', '--root', '/other-root'];
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

[system]
socket = "/other-root/run/aurae/aurae.sock"

The files lie in a private directory: "aurae pki issue alice --overwrite --out ./alice" makes them anew and copies them to ./alice.
Another user or machine connects over TCP: set tcp.listen in auraed.toml and use socket = "host:port".
`,
  });
  expect(readFileSync(join(dir, 'args'), 'utf8').trim().split('\n')).toEqual([
    'pki',
    'issue',
    '--days=90',
    '--root=/other-root',
    '--pki-dir=/pki',
    '--overwrite',
    '--output',
    'json',
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

test('the socket of the configuration is shown, and copies need no hint how to copy', async () => {
  const flags = ['--out', join(dir, 'out'), '--socket', 'node1:8080'];
  const { stdout } = await issue(['alice', ...flags], issuing());
  expect(stdout).toMatch(/client.alice.key"\n\n\[system\]\nsocket = "node1:8080"\n$/);
});

test('a setting that cannot be right is told before a certificate is made', async () => {
  const result = await issue(['alice', '--socket', 'node1:0'], issuing());
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('the port 0 is not from 1 to 65535') });
  expect(existsSync(join(dir, 'args'))).toBe(false);
});

test.each([[[]], [['--overwrite']]])('the PKI directory of a daemon is never written to, %j', async (flags) => {
  const auraed = issuing();
  const out = join(dir, 'other');
  mkdirSync(out);
  writeFileSync(join(out, 'ca.key'), '');
  expect(await issue(['alice', '--out', out, ...flags], auraed)).toMatchObject({
    code: 2,
    stderr: `aurae: "${out}" is the PKI directory of a daemon ("ca.key" lies there): give another --out directory, such as "./alice"\n`,
  });
  expect(readdirSync(out)).toEqual(['ca.key']);
  expect(existsSync(join(dir, 'args'))).toBe(false);
});

test.each([[[]], [['--overwrite']]])('the ca.crt of another daemon is never written over, %j', async (flags) => {
  const out = join(dir, 'other');
  mkdirSync(out);
  writeFileSync(join(out, 'ca.crt'), 'another');
  expect(await issue(['alice', '--out', out, ...flags], issuing())).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      `aurae: Cannot copy the certificate to "${out}": its "ca.crt" is that of another daemon. It was made and lies in ` +
      `"${dir}": copy it from there, or try again with --overwrite and another --out directory\n`,
  });
  expect(readdirSync(out)).toEqual(['ca.crt']);
  expect(readFileSync(join(out, 'ca.crt'), 'utf8')).toBe('another');
});

test('a directory that cannot be is told before a certificate is made', async () => {
  const auraed = issuing();
  expect(await issue(['alice', '--out', join(auraed, 'out')], auraed)).toMatchObject({
    code: 2,
    stderr: `aurae: cannot use the --out directory "${auraed}/out": not a directory\n`,
  });
  expect(existsSync(join(dir, 'args'))).toBe(false);
});

test.runIf(process.geteuid?.() === 0)('what root copies belongs to whoever has the directory', async () => {
  const auraed = issuing();
  const home = join(dir, 'home');
  mkdirSync(home);
  chownSync(home, 65_534, 65_533);
  const out = join(home, 'made/deep');
  expect((await issue(['alice', '--out', out], auraed)).code).toBe(0);
  const made = [join(home, 'made'), out, ...readdirSync(out).map((name) => join(out, name))];
  expect(made).toHaveLength(5);
  for (const path of made) expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_533 });
});

test('copies never go through a link that lies in their place', async () => {
  const auraed = issuing();
  const out = join(dir, 'out');
  const victim = join(dir, 'victim');
  mkdirSync(out);
  writeFileSync(victim, 'precious', { mode: 0o644 });
  symlinkSync(victim, join(out, 'client.alice.key'));
  expect((await issue(['alice', '--out', out], auraed)).code).toBe(2);
  expect((await issue(['alice', '--out', out, '--overwrite'], auraed)).code).toBe(0);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  expect(readFileSync(join(out, 'client.alice.key'), 'utf8')).toContain('content of');
});

test('an error of auraed is told as if it were its own', async () => {
  const auraed = fakeAuraed(
    `echo '{"error":{"reason":"ALREADY_EXISTS","message":"There is a client alice"}}' >&2; exit 1`,
  );
  expect(await issue(['alice'], auraed)).toMatchObject({ code: 1, stderr: 'aurae: There is a client alice\n' });
  const { stderr } = await issue(['alice', '--output=json'], auraed);
  expect(JSON.parse(stderr)).toEqual({ error: { reason: 'ALREADY_EXISTS', message: 'There is a client alice' } });
});

test.each([1, 2])("auraed's exit code %i is passed on, and its advice in terms of the flags", async (code) => {
  const message = 'Cannot issue: "x" exists; choose another name, or overwrite it';
  const json = JSON.stringify({ error: { reason: 'ALREADY_EXISTS', message } });
  const stderr = 'aurae: Cannot issue: "x" exists; choose another name, or give --overwrite\n';
  for (const said of [json, `auraed: ${message}`]) {
    const auraed = fakeAuraed(`echo '(node:1) Warning: noise' >&2; echo '${said}' >&2; exit ${code}`);
    expect(await issue(['alice'], auraed)).toMatchObject({ code, stderr });
  }
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
