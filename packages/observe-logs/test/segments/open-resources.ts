import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** What the process has open of this directory: files by their names, and `watch` for each inotify watch of it. */
export function openResources(directory: string): string[] {
  const inode = statSync(directory, { throwIfNoEntry: false })?.ino;
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    const target = linkTarget(descriptor);
    if (target.startsWith(`${directory}/`)) return [target.slice(directory.length + 1)];
    return target.includes('inotify') && inode !== undefined ? watchesOf(descriptor, inode) : [];
  });
}

function linkTarget(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // The descriptor with which the list was read.
    return '';
  }
}

function watchesOf(descriptor: string, inode: number): string[] {
  const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
  return info.split('\n').flatMap((line) => (line.includes(` ino:${inode.toString(16)} `) ? ['watch'] : []));
}
