import { InvalidSpecError } from '@aurae/proto';

/** Ids that can be part of a file name of at most 255 bytes. */
const allowed = /^[A-Za-z0-9_.-]{1,120}$/;

/** Names of the cgroups of one daemon's workloads: `SCOPE@ID`. No file that the kernel puts beside them has an `@`. */
export class CgroupNames {
  private readonly prefix: string;

  constructor(scope: string) {
    // `trial@` marks cgroups that are only made to be tried.
    if (!allowed.test(scope) || scope === 'trial') refuse('the scope', scope);
    this.prefix = `${scope}@`;
  }

  nameOf(id: string): string {
    if (!allowed.test(id)) refuse('the id', id);
    return `${this.prefix}${id}`;
  }

  /** Undefined for what is not a workload's, or another daemon's. */
  idOf(name: string): string | undefined {
    const id = name.slice(this.prefix.length);
    return name.startsWith(this.prefix) && allowed.test(id) ? id : undefined;
  }
}

function refuse(what: string, value: string): never {
  throw new InvalidSpecError(
    `Cannot name a cgroup after ${what} ${JSON.stringify(value.slice(0, 200))}: allowed are 1 to 120 letters, digits ` +
      'and the characters . _ -',
  );
}
