import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailedPreconditionError } from '@aurae/proto';
import { beforeAll, describe, expect, test } from 'vitest';
import { tmpdir } from 'node:os';
import { ensurePki, loadServerCredentials, pkiPaths } from '../../src/pki/index.js';
import { temporaryDirectory } from './temporary-directory.js';
import { makeCertificate } from './certificates.js';

/** In the order in which the first start makes them. */
const order = [
  'ca.key',
  'ca.crt',
  'server.key',
  '_signed.server.crt',
  'client.admin.key',
  '_signed.client.admin.crt',
] as const;
type Name = (typeof order)[number];
type Condition = 'whole' | 'absent' | 'cut';

let whole: Record<Name, string>;

beforeAll(async () => {
  const pkiDir = await mkdtemp(join(tmpdir(), 'aurae-pki-'));
  await ensurePki({ pkiDir });
  const contents = await Promise.all(order.map((name) => readFile(join(pkiDir, name), 'utf8')));
  whole = Object.fromEntries(order.map((name, index) => [name, contents[index]])) as Record<Name, string>;
  await rm(pkiDir, { recursive: true });
});

describe('a crash in the first start', () => {
  test.each(order.map((_, count) => count))('after %i files is completed by the next start', async (count) => {
    const pkiDir = await arrange(Object.fromEntries(order.slice(count).map((name) => [name, 'absent'])));
    const { paths, warnings } = await ensurePki({ pkiDir });
    expect(warnings).toEqual([]);
    await expect(loadServerCredentials(paths)).resolves.toBeDefined();
    for (const name of order.slice(0, count)) {
      expect(await readFile(join(pkiDir, name), 'utf8'), name).toBe(whole[name]);
    }
  });
});

test('every combination of whole, absent and cut files is completed, or refused with nothing lost', async () => {
  const outcomes = { completed: 0, refused: 0 };
  for (const state of allStates()) {
    const pkiDir = await arrange(state);
    const label = JSON.stringify(state);
    const error: unknown = await ensurePki({ pkiDir }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    for (const name of ['ca.crt', 'ca.key'] as const) {
      // Neither is ever replaced, not even damaged: what is there may be what a backup lacks.
      if (state[name] !== 'absent') expect(await contentOf(pkiDir, name), label).toBe(arranged(name, state[name]));
    }
    if (error === undefined) {
      outcomes.completed += 1;
      await expect(loadServerCredentials(pkiPaths(pkiDir)), label).resolves.toBeDefined();
      expect((await ensurePki({ pkiDir })).generated, label).toEqual([]);
    } else {
      outcomes.refused += 1;
      expect(error, label).toBeInstanceOf(FailedPreconditionError);
      expect((error as Error).message, label).toContain(pkiDir);
    }
    expect(error !== undefined, label).toBe(mustRefuse(state));
    await rm(pkiDir, { recursive: true });
  }
  expect(outcomes).toEqual({ completed: 82, refused: 242 });
});

test('a cut client certificate or key is made again', async () => {
  for (const name of ['client.admin.key', '_signed.client.admin.crt'] as const) {
    const pkiDir = await arrange({ [name]: 'cut' });
    const { generated, warnings } = await ensurePki({ pkiDir });
    expect(generated).toEqual([join(pkiDir, '_signed.client.admin.crt')]);
    expect(warnings).toEqual([]);
    expect((await ensurePki({ pkiDir })).generated).toEqual([]);
  }
});

test('an authority whose certificate is there and whose key is not is never replaced', async () => {
  const pkiDir = await arrange({ 'ca.key': 'absent', '_signed.server.crt': 'absent' });
  await expect(ensurePki({ pkiDir })).rejects.toThrow(/_signed\.server\.crt": it is missing; put "ca\.key" back/);
  expect(await contentOf(pkiDir, 'ca.crt')).toBe(whole['ca.crt']);
});

test('no authority is made beside certificates that a lost one signed', async () => {
  const pkiDir = await arrange({ 'ca.key': 'absent', 'ca.crt': 'absent' });
  await expect(ensurePki({ pkiDir })).rejects.toThrow(
    /_signed\..* was signed by one whose "ca\.crt" and "ca\.key" are missing/,
  );
  expect(await contentOf(pkiDir, 'ca.key')).toBeUndefined();
});

test('a certificate of the authority that was lost is made again from its key, and what it signed stays valid', async () => {
  const pkiDir = await arrange({ 'ca.crt': 'absent' });
  const { generated } = await ensurePki({ pkiDir });
  expect(generated).toEqual([pkiPaths(pkiDir).caCertificate]);
  await expect(loadServerCredentials(pkiPaths(pkiDir))).resolves.toBeDefined();
});

test('keys and certificates of the authority that belong to two are refused', async () => {
  const pkiDir = await arrange({});
  const { keyPem } = await makeCertificate({});
  await writeFile(join(pkiDir, 'ca.key'), keyPem);
  await expect(ensurePki({ pkiDir })).rejects.toThrow(/"ca\.key" does not match "ca\.crt"/);
});

test('a server key of another pair gets a certificate of its own', async () => {
  const pkiDir = await arrange({});
  const { keyPem } = await makeCertificate({});
  await writeFile(join(pkiDir, 'server.key'), keyPem);
  const { generated, paths } = await ensurePki({ pkiDir });
  expect(generated).toEqual([paths.certificate]);
  expect(await contentOf(pkiDir, 'server.key')).toBe(keyPem);
  await expect(loadServerCredentials(paths)).resolves.toBeDefined();
});

test('an encrypted server key is refused, not replaced', async () => {
  const pkiDir = await arrange({});
  const { key } = await makeCertificate({});
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' });
  await writeFile(join(pkiDir, 'server.key'), encrypted);
  await expect(ensurePki({ pkiDir })).rejects.toThrow(/server\.key": it is encrypted/);
  expect(await contentOf(pkiDir, 'server.key')).toBe(encrypted);
});

function mustRefuse(state: Record<Name, Condition>): boolean {
  if (state['ca.crt'] === 'cut' || state['ca.key'] === 'cut') return true;
  const serverIsWhole = state['server.key'] === 'whole' && state['_signed.server.crt'] === 'whole';
  if (state['ca.crt'] === 'whole') return state['ca.key'] === 'absent' && !serverIsWhole;
  const signed = state['_signed.server.crt'] !== 'absent' || state['_signed.client.admin.crt'] !== 'absent';
  return state['ca.key'] === 'absent' && signed;
}

function* allStates(index = 0): Generator<Record<Name, Condition>> {
  const name = order[index];
  if (name === undefined) {
    yield {} as Record<Name, Condition>;
    return;
  }
  for (const rest of allStates(index + 1)) {
    for (const condition of conditionsOf(name)) yield { ...rest, [name]: condition };
  }
}

/** The client is repaired by the code that repairs the server; its cut files have a test of their own. */
function conditionsOf(name: Name): Condition[] {
  return name.includes('client') ? ['whole', 'absent'] : ['whole', 'absent', 'cut'];
}

async function arrange(state: Partial<Record<string, Condition>>): Promise<string> {
  const pkiDir = join(await temporaryDirectory(), 'pki');
  await mkdir(pkiDir, { mode: 0o700 });
  for (const name of order) {
    const content = arranged(name, state[name] ?? 'whole');
    if (content !== undefined) await writeFile(join(pkiDir, name), content, { mode: 0o600 });
  }
  return pkiDir;
}

function arranged(name: Name, condition: Condition): string | undefined {
  if (condition === 'absent') return undefined;
  return condition === 'whole' ? whole[name] : whole[name].slice(0, 60);
}

async function contentOf(pkiDir: string, name: Name): Promise<string | undefined> {
  return await readFile(join(pkiDir, name), 'utf8').catch(() => undefined);
}
