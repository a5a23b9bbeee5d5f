import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { meta } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { exec, useRuntime } from './exec-harness.js';
import { temporaryDirectory } from './temporary-directory.js';

const current = useRuntime();
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('as another user (only root may)', () => {
  const run = (request: Parameters<typeof exec>[1]) => exec(current(), { user: 'nobody', ...request });

  test('has its ids and groups and nothing of root', async () => {
    const { stdout } = await run({ command: "id; grep -E '^Cap(Eff|Prm|Inh)' /proc/self/status | cut -f2" });
    expect(stdout).toMatch(/^uid=65534\(nobody\) gid=65534\(nogroup\) groups=65534\(nogroup\)\n(0{16}\n){3}$/);
  });

  test('has its variables, unless they were given', async () => {
    const command = 'echo "$HOME $USER $LOGNAME $SHELL"';
    expect((await run({ command })).stdout).toBe('/nonexistent nobody nobody /usr/sbin/nologin\n');
    expect((await run({ command, env: { HOME: '/x', USER: 'y' } })).stdout).toBe('/x y nobody /usr/sbin/nologin\n');
  });

  test('keeps its pid, and inherits no descriptor', async () => {
    const { stdout, proc } = await run({ command: 'echo $$; ls /proc/self/fd' });
    expect(stdout).toBe(`${proc?.pid}\n0\n1\n2\n3\n`);
  });

  test('may be numbers, with or without an account', async () => {
    expect((await run({ user: '65534', argv: ['id', '-u', '-n'] })).stdout).toBe('nobody\n');
    expect((await run({ user: '12345:54321', command: 'id -u; id -G' })).stdout).toBe('12345\n54321\n');
    const status = await run({ user: '12345', command: 'id' });
    expect(status).toMatchObject({ status: meta.Status.STATUS_ERROR, errorCode: 'ENOENT' });
  });

  test('cannot start where only root can', async () => {
    const cwd = join(temporaryDirectory(), 'closed');
    mkdirSync(cwd, { mode: 0o700 });
    const status = await run({ cwd, command: '/bin/true' });
    expect(status).toMatchObject({ status: meta.Status.STATUS_ERROR, errorCode: 'EACCES', exitCode: '' });
    expect(status.meta?.message).toContain(`"${cwd}" is not accessible to the user "nobody"`);
  });

  test('reports a program that cannot run like any other', async () => {
    const status = await run({ command: 'no-such-program' });
    expect(status).toMatchObject({ status: meta.Status.STATUS_ERROR, errorCode: 'ENOENT', exitCode: '' });
  });

  test('is told of an argument that is too long as any other', async () => {
    const status = await run({ argv: ['/bin/true', 'x'.repeat(200_000)] });
    expect(status).toMatchObject({ status: meta.Status.STATUS_ERROR, errorCode: 'E2BIG' });
    expect(status.meta?.message).toContain('longest of them 200000');
  });

  test('runs a script without a first line', async () => {
    const script = join(temporaryDirectory(), 'script');
    writeFileSync(script, 'id -u\n');
    chmodSync(script, 0o755);
    expect((await run({ argv: [script] })).stdout).toBe('65534\n');
  });

  test('gets no environment that root would obey', async () => {
    // The dynamic linker complains about what it cannot preload: once for `env`, but not for aurae-exec as root.
    const { stderr } = await run({ argv: ['/bin/true'], env: { LD_PRELOAD: '/no/such/library.so' } });
    expect(stderr.match(/cannot be preloaded/g)).toHaveLength(1);
  });

  test('is ended like any other', async () => {
    const status = await run({ command: 'sleep 1000 & exec sleep 1000', timeoutMs: 50 });
    expect(status).toMatchObject({ exitCode: '143' });
  });
});
