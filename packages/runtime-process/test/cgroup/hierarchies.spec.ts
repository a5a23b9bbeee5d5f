import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findHierarchies, layoutOf } from '../../src/cgroup/hierarchies.js';
import { parseMountTable } from '../../src/cgroup/mount-table.js';
import { parseOwnCgroups } from '../../src/cgroup/own-cgroups.js';

const root = '/sys/fs/cgroup';

function find(mounts: readonly string[], own: readonly string[]) {
  return findHierarchies(parseMountTable(mounts.join('\n')), parseOwnCgroups(own.join('\n')), root);
}

describe('parseOwnCgroups', () => {
  test('reads back controllers and paths, colons in the path included', () => {
    const name = fc.stringMatching(/^[a-z_=-]{1,10}$/);
    const path = fc.stringMatching(/^\/[ -~]{0,40}$/);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), path, (controllers, path) => {
        expect(parseOwnCgroups(`7:${controllers.join(',')}:${path}\n`)).toEqual([{ controllers, path }]);
      }),
    );
  });

  test('leaves out what is of another form', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseOwnCgroups(text)));
    expect(parseOwnCgroups('0::\n0:\nabc\n::/x\n')).toEqual([]);
  });
});

describe('findHierarchies', () => {
  const tree = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot';
  const cpu = '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';
  const systemd = '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd';
  const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';

  test('a host with version 2 alone', () => {
    const found = find([tree], ['0::/system.slice/auraed.service']);
    expect(found).toEqual([
      { version: 2, mountPoint: root, controllers: [], own: `${root}/system.slice/auraed.service` },
    ]);
    expect(layoutOf(found)).toBe('v2');
  });

  test('a host with version 1 controllers, two of them mounted together, and a tree of version 2', () => {
    const found = find([cpu, systemd, unified], ['4:name=systemd:/a', '3:cpuacct,cpu:/', '0::/']);
    expect(layoutOf(found)).toBe('hybrid');
    expect(found.map(({ mountPoint, controllers, own }) => [mountPoint, controllers, own])).toEqual([
      [`${root}/cpu,cpuacct`, ['cpuacct', 'cpu'], `${root}/cpu,cpuacct`],
      [`${root}/systemd`, ['name=systemd'], `${root}/systemd/a`],
      [`${root}/unified`, [], `${root}/unified`],
    ]);
  });

  test('hosts with version 1 alone, and with none', () => {
    expect(layoutOf(find([cpu], ['3:cpu,cpuacct:/']))).toBe('v1');
    expect(layoutOf(find(['30 24 0:26 / /sys rw - sysfs sysfs rw'], []))).toBe('none');
  });

  test('a container that sees its own cgroup as what is mounted', () => {
    const mount = '33 31 0:30 /docker/ab /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu';
    expect(find([mount], ['3:cpu:/docker/ab/inner'])[0]?.own).toBe(`${root}/cpu/inner`);
    expect(find([mount], ['3:cpu:/docker/ab'])[0]?.own).toBe(`${root}/cpu`);
    expect(find([mount], ['3:cpu:/docker/abc'])[0]?.own).toBeUndefined();
  });

  test('an own cgroup that was removed, or lies outside of the cgroup namespace, has no directory', () => {
    expect(find([tree], ['0::/a (deleted)'])[0]?.own).toBeUndefined();
    expect(find([tree], ['0::/../other'])[0]?.own).toBeUndefined();
  });

  test('a hierarchy that is mounted elsewhere is not looked at', () => {
    expect(find(['30 24 0:26 / /var/lib/guest/cgroup rw - cgroup2 cgroup2 rw'], ['0::/'])).toEqual([]);
  });
});
