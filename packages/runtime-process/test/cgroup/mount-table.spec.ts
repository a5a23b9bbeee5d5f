import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAtOrBelow, parseMountTable, visibleMounts } from '../../src/cgroup/mount-table.js';

const escape = (path: string) =>
  path.replace(/[\s\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

const path = fc
  .array(fc.stringMatching(/^[a-z0-9 \t\n\\=:,-]{1,8}$/), { maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`);

describe('parseMountTable', () => {
  test('reads back every path that the kernel can escape, whatever optional fields there are', () => {
    fc.assert(
      fc.property(path, path, fc.subarray(['shared:1', 'master:2', 'unbindable']), (root, mountPoint, optional) => {
        const fields = ['36', '35', '0:33', escape(root), escape(mountPoint), 'rw,noatime', ...optional];
        const [mount] = parseMountTable(`${fields.join(' ')} - cgroup cgroup rw,cpu,cpuacct\n`);
        expect(mount).toEqual({
          id: 36,
          parentId: 35,
          root,
          mountPoint,
          type: 'cgroup',
          superOptions: ['rw', 'cpu', 'cpuacct'],
        });
      }),
    );
  });

  test('leaves out what is no mount, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const mount of parseMountTable(text)) expect(mount.mountPoint).not.toBe('');
      }),
    );
    expect(parseMountTable('')).toEqual([]);
    expect(parseMountTable('36 35 0:33 / /sys\n - \n36 35 - cgroup')).toEqual([]);
  });
});

describe('visibleMounts', () => {
  const visible = (...lines: string[]) =>
    visibleMounts(parseMountTable(lines.map((line) => `${line} rw - tmpfs none rw`).join('\n'))).map(({ id }) => id);

  test('has mounts whose parent comes later in the table', () => {
    expect(visible('21 28 0:20 / /sys', '22 21 0:21 / /sys/fs/cgroup', '28 1 8:1 / /')).toEqual([21, 22, 28]);
  });

  test('leaves out what lies below a later mount on the same directory', () => {
    const lines = [
      '1 0 0:1 / /',
      '2 1 0:2 / /sys/fs/cgroup',
      '3 2 0:3 / /sys/fs/cgroup/cpu',
      '4 2 0:4 / /sys/fs/cgroup',
    ];
    expect(visible(...lines)).toEqual([1, 4]);
  });

  test('leaves out what lies below a later mount further up', () => {
    expect(visible('1 0 0:1 / /', '2 1 0:2 / /sys/fs/cgroup', '3 1 0:3 / /sys')).toEqual([1, 3]);
  });

  test('ends for a mount that is its own parent', () => {
    expect(visible('1 1 0:1 / /', '2 1 0:2 / /sys')).toEqual([1, 2]);
  });
});

test('a path is below a directory only by whole segments', () => {
  expect(isAtOrBelow('/sys/fs/cgroup2', '/sys/fs/cgroup')).toBe(false);
  expect(isAtOrBelow('/sys/fs/cgroup/a', '/sys/fs/cgroup')).toBe(true);
  expect(isAtOrBelow('/sys', '/')).toBe(true);
});
