import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertTrustedPath } from '../../src/lifecycle/trusted-path.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aurae-trust-'));
  mkdirSync(join(directory, 'etc'));
  file = join(directory, 'etc/auraed.toml');
  writeFileSync(file, '');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a trusted path', () => {
  it('belongs to the daemon, below a shared directory such as /tmp', () => {
    assertTrustedPath(file);
  });

  it('need not exist yet', () => {
    assertTrustedPath(join(directory, 'etc/later/pki'));
  });

  it.each([
    ['the file', 'etc/auraed.toml', 0o666],
    ['its directory', 'etc', 0o777],
    ['a directory above', '.', 0o775],
  ])('has nothing that others may change: %s', (_, path, mode) => {
    const part = join(directory, path);
    chmodSync(part, mode);
    expect(() => assertTrustedPath(file)).toThrow(`run "chmod go-w ${part}"`);
  });

  it.runIf(process.geteuid?.() === 0)('has nothing that belongs to somebody else (only root can try)', async () => {
    await chown(join(directory, 'etc'), 65_534, 65_534);
    expect(() => assertTrustedPath(file)).toThrow(`"${join(directory, 'etc')}" belongs to uid 65534`);
  });

  it('is looked at where it really lies', () => {
    const real = join(directory, 'open');
    mkdirSync(real);
    chmodSync(real, 0o777);
    symlinkSync(real, join(directory, 'link'));
    expect(() => assertTrustedPath(join(directory, 'link/auraed.toml'))).toThrow(`chmod go-w ${real}`);
  });
});
