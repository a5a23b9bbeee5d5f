import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCli } from './support/run-cli.js';

// Root may do everything, so as root the command runs as nobody, where nobody can reach the checkout at all.
const isRoot = process.geteuid?.() === 0;
const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};
const canRun = (await runCli(['--version'], {}, nobody).catch(() => undefined))?.code === 0;

/** Lets the user of the command into the root, with a certificate that it can read. */
function openTo(root: TestRoot): void {
  for (const dir of ['', 'run', 'run/aurae', 'etc', 'etc/aurae', 'etc/aurae/pki'])
    chmodSync(join(root.dir, dir), 0o755);
  if (isRoot) for (const file of readdirSync(root.pkiDir)) chownSync(join(root.pkiDir, file), 65_534, 65_534);
}

test.runIf(canRun)('a socket without permission: says who was refused', async () => {
  await using root = await TestRoot.make();
  await root.serve();
  openTo(root);
  chmodSync(root.socket, 0);
  const { code, stderr } = await runCli(['status', '--root', root.dir], {}, nobody);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^aurae: Cannot open the socket ".*\/aurae.sock": permission denied for user ".+"\. Run this as /,
  );
});

test.runIf(canRun)('a key without permission: says which, and what to do', async () => {
  await using root = await TestRoot.make();
  await root.serve();
  openTo(root);
  chmodSync(join(root.pkiDir, 'client.admin.key'), 0);
  const { code, stderr } = await runCli(['status', '--root', root.dir], {}, nobody);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^aurae: Cannot read the client key ".*client.admin.key" .*: permission denied\. Run this as the owner/,
  );
});

test.runIf(canRun)('a config file without permission is an error, not a missing file', async () => {
  await using root = await TestRoot.make();
  openTo(root);
  const home = join(root.dir, 'home');
  mkdirSync(join(home, '.aurae'), { recursive: true });
  writeFileSync(join(home, '.aurae/config'), '', { mode: 0 });
  const { code, stderr } = await runCli(['status'], { HOME: home }, nobody);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `aurae: Cannot read the client config file "${join(home, '.aurae/config')}": permission denied\n`,
  );
});
