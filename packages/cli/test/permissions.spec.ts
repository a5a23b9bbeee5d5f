import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCliBoundByModes } from './support/run-cli.js';

test('a socket without permission: says who was refused', async () => {
  await using root = await TestRoot.make();
  await root.serve();
  chmodSync(root.socket, 0);
  const { code, stderr } = await runCliBoundByModes(['status', '--root', root.dir]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^aurae: Cannot open the socket ".*\/aurae.sock": permission denied for user ".+"\. Run this as /,
  );
});

test('a key without permission: says which, and what to do', async () => {
  await using root = await TestRoot.make();
  await root.serve();
  chmodSync(join(root.pkiDir, 'client.admin.key'), 0);
  const { code, stderr } = await runCliBoundByModes(['status', '--root', root.dir]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^aurae: Cannot read the client key ".*client.admin.key" .*: permission denied\. Run this as the owner/,
  );
});

test('a config file without permission is an error, not a missing file', async () => {
  await using root = await TestRoot.make();
  const home = join(root.dir, 'home');
  mkdirSync(join(home, '.aurae'), { recursive: true });
  writeFileSync(join(home, '.aurae/config'), '', { mode: 0 });
  const { code, stderr } = await runCliBoundByModes(['status'], { HOME: home });
  expect(code).toBe(1);
  expect(stderr).toBe(
    `aurae: Cannot read the client config file "${join(home, '.aurae/config')}": permission denied\n`,
  );
});
