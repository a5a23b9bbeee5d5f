/** One mount as proc_pid_mountinfo(5) shows it. */
export interface Mount {
  readonly id: number;
  readonly parentId: number;
  /** Which directory of the file system is mounted; other than `/` for bind mounts and below cgroup namespaces. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  /** Of the file system, not of the mount: for cgroup version 1 its controllers and its name. */
  readonly superOptions: readonly string[];
}

/** Lines that are not mounts are left out. */
export function parseMountTable(text: string): Mount[] {
  return text.split('\n').flatMap((line) => parseMount(line) ?? []);
}

function parseMount(line: string): Mount | undefined {
  // Any number of optional fields lies before the separator; blanks in paths are escaped.
  const separator = line.indexOf(' - ');
  if (separator < 0) return undefined;
  const [id, parentId, , root, mountPoint] = line.slice(0, separator).split(' ');
  const [type, , superOptions] = line.slice(separator + 3).split(' ');
  if (!root || !mountPoint || !type || superOptions === undefined) return undefined;
  return {
    id: Number(id),
    parentId: Number(parentId),
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    type,
    superOptions: superOptions.split(','),
  };
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Those that can be reached: not lying below a directory over which something else was mounted later. */
export function visibleMounts(mounts: readonly Mount[]): Mount[] {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const children = new Map<number, Mount[]>();
  for (const mount of mounts) children.set(mount.parentId, [...(children.get(mount.parentId) ?? []), mount]);
  return mounts.filter((mount) => !isCovered(mount, byId, children));
}

function isCovered(
  mount: Mount,
  byId: ReadonlyMap<number, Mount>,
  children: ReadonlyMap<number, readonly Mount[]>,
): boolean {
  const seen = new Set<Mount>();
  for (let on: Mount | undefined = mount, below = mount; on && !seen.has(on); below = on, on = byId.get(on.parentId)) {
    seen.add(on);
    const covers = ({ mountPoint }: Mount) => isAtOrBelow(below.mountPoint, mountPoint);
    if (children.get(on.id)?.some((other) => other !== below && other !== on && covers(other))) return true;
  }
  return false;
}

export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
