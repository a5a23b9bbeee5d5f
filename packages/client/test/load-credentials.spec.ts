import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../src/index.js';
import { TestRoot } from './support/test-daemon.js';
import { makeCertificate } from './support/test-pki.js';

const files = [
  ['ca.crt', 'CA certificate'],
  ['_signed.client.admin.crt', 'client certificate'],
  ['client.admin.key', 'client key'],
] as const;

test.each(files)('a missing %s is named, with the next step', async (name, what) => {
  await using root = await TestRoot.make();
  await root.serve();
  const path = join(root.pkiDir, name);
  rmSync(path);
  expect(() => connect({ root: root.dir })).toThrow(
    `Cannot read the ${what} "${path}" (the default of the root "${root.dir}"): it does not exist. auraed makes it ` +
      'when it first starts; "aurae pki issue NAME" makes one for another client',
  );
});

test.each(files)('a %s that is not PEM is named', async (name, what) => {
  await using root = await TestRoot.make();
  writeFileSync(join(root.pkiDir, name), 'nonsense');
  expect(() => connect({ root: root.dir })).toThrow(`The ${what} "${join(root.pkiDir, name)}"`);
});

test('a key of another certificate is told', async () => {
  await using root = await TestRoot.make();
  writeFileSync(join(root.pkiDir, 'client.admin.key'), (await makeCertificate('other')).keyPem);
  expect(() => connect({ root: root.dir })).toThrow('does not belong to the client certificate');
});
