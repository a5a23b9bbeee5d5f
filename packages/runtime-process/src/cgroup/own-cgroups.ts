/** A line of /proc/PID/cgroup, cgroups(7). */
export interface OwnCgroup {
  /** Of version 1: controllers, or `name=…`. Empty: version 2. */
  readonly controllers: readonly string[];
  /** From the root of the hierarchy, as the cgroup namespace shows it. */
  readonly path: string;
}

/** Lines that are of another form are left out. */
export function parseOwnCgroups(text: string): OwnCgroup[] {
  return text.split('\n').flatMap((line) => {
    // The path may itself contain colons; a name of a hierarchy cannot.
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    return [{ controllers: controllers === '' ? [] : controllers.split(','), path }];
  });
}
