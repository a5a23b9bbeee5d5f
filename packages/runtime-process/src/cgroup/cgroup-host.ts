import { InvalidSpecError, type runtime } from '@aurae/proto';
import { endCgroups } from './cgroup-end.js';
import { type CgroupFiles, hostCgroupFiles, unless } from './cgroup-files.js';
import { CgroupNames } from './cgroup-names.js';
import { type CgroupPlan, planCgroups } from './cgroup-plan.js';
import { type CgroupSupport, type CgroupSurvey, surveyCgroups } from './cgroup-survey.js';
import { handDown } from './controller-delegation.js';
import type { CgroupLayout } from './hierarchies.js';
import { limitedResources } from './limited-resource.js';
import { makeIfAbsent, makeParent, removeParent } from './parent-directory.js';
import type { Placement } from './placement.js';

export interface CgroupHostOptions {
  /** Only hierarchies mounted at or below it are used. Default: `/sys/fs/cgroup`. */
  readonly root?: string;
  /** Default: `/proc/self/mountinfo`. */
  readonly mountInfoPath?: string;
  /** Default: `/proc/self/cgroup`. */
  readonly ownCgroupPath?: string;
  /**
   * Path of the cgroup that holds those of all workloads, from the root of each hierarchy, or else from beside or below
   * the daemon's own cgroup. Daemons may share it. Default: `aurae`.
   */
  readonly parent?: string;
  /** Tells the workloads of this daemon from those of others that share the parent. Default: `default`. */
  readonly scope?: string;
  /** How long `cleanUp` waits for processes to end. Default: 5 s. */
  readonly endLimitMs?: number;
  readonly files?: CgroupFiles;
  /** Is told, in sentences, what the host refuses. */
  readonly log?: (message: string) => void;
}

/**
 * Where the cgroups of workloads go on this host, of version 1, 2 or both. The shims make and remove them; this decides
 * which ones, looks after the cgroup that holds them all, and removes what a killed shim has left.
 */
export class CgroupHost {
  readonly layout: CgroupLayout;
  readonly support: CgroupSupport;
  readonly placements: readonly Placement[];

  private constructor(
    private readonly files: CgroupFiles,
    survey: CgroupSurvey,
    private readonly names: CgroupNames,
    private readonly endLimitMs: number,
  ) {
    this.layout = survey.layout;
    this.support = survey.support;
    this.placements = survey.placements;
  }

  /**
   * Finds out by trying what the host grants. A host without cgroups is no error: `support` says so. Throws
   * `InvalidSpecError` for a parent or a scope that cannot be.
   */
  static async detect(options: CgroupHostOptions = {}): Promise<CgroupHost> {
    const names = new CgroupNames(options.scope ?? 'default');
    const segments = parentSegments(options.parent ?? 'aurae');
    const files = options.files ?? hostCgroupFiles;
    const survey = await surveyCgroups(files, {
      root: options.root ?? '/sys/fs/cgroup',
      mountInfoPath: options.mountInfoPath ?? '/proc/self/mountinfo',
      ownCgroupPath: options.ownCgroupPath ?? '/proc/self/cgroup',
      segments,
    });
    const host = new CgroupHost(files, survey, names, options.endLimitMs ?? 5000);
    host.report(options.log);
    await host.prepare().catch((error: unknown) => options.log?.(`cgroups: ${String(error)}`));
    return host;
  }

  /** The cgroups that hold those of the workloads, for a person. */
  get parents(): readonly string[] {
    return this.placements.map(({ parent }) => parent.path);
  }

  /** Holds those of commands too, which are born into them; undefined where that, or ending them so, cannot be. */
  get commandParent(): string | undefined {
    return this.placements.find(({ hierarchy, canEnd }) => hierarchy.version === 2 && canEnd)?.parent.path;
  }

  /** Name of the cgroup with this id, in each parent. */
  nameOf(id: string): string {
    return this.names.nameOf(id);
  }

  /**
   * Makes the parents again where they are gone: another daemon that shares them removes them at its end, if they are
   * empty then. For a start whose shim reports ENOENT of a cgroup: call this, then try once more.
   */
  async prepare(): Promise<void> {
    await Promise.all(this.placements.map((placement) => this.prepareParent(placement)));
  }

  /**
   * Settings for one workload. Pure; nothing is made. Throws `InvalidSpecError` for a limit that cannot be right, and
   * `FailedPreconditionError`, with the remedy, for one that this host cannot enforce.
   */
  plan(id: string, limits: runtime.ResourceLimits | undefined): CgroupPlan {
    return planCgroups(this.placements, this.support, this.names.nameOf(id), limits);
  }

  /**
   * Ends whatever is left of a workload whose shim was killed, and removes its cgroups. Bounded: rejects with
   * `FailedPreconditionError` when a process is stuck in the kernel.
   */
  async cleanUp(id: string): Promise<void> {
    const name = this.names.nameOf(id);
    await endCgroups(
      this.files,
      this.parents.map((parent) => `${parent}/${name}`),
      this.endLimitMs,
    );
  }

  /** Ids of this scope that have a cgroup: of workloads, and of commands. */
  async list(): Promise<string[]> {
    const names = await Promise.all(
      this.parents.map((parent) => unless(['ENOENT', 'ENODEV'], this.files.directoriesIn(parent))),
    );
    const ids = names.flatMap((found) => found ?? []).flatMap((name) => this.names.idOf(name) ?? []);
    return [...new Set(ids)];
  }

  /** Removes the parents when they are empty. */
  async dispose(): Promise<void> {
    await Promise.all(this.placements.map(({ parent }) => removeParent(this.files, parent)));
  }

  private async prepareParent({ hierarchy, parent, resources }: Placement): Promise<void> {
    const granted = limitedResources.filter((resource) => resources.get(resource)?.available);
    // Another daemon may remove the parent between two of these steps: then from the start again.
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await makeParent(this.files, parent);
      if (hierarchy.version === 2) await handDown(this.files, parent, granted);
      if ((await unless(['ENOENT'], makeIfAbsent(this.files, parent.shims))) !== undefined) return;
    }
  }

  private report(log: ((message: string) => void) | undefined): void {
    for (const [name, result] of Object.entries(this.support)) {
      if (!result.available) log?.(`cgroups: no ${name}: ${result.reason}. ${result.remedy}`);
    }
  }
}

function parentSegments(parent: string): string[] {
  const segments = parent.split('/').filter((segment) => segment !== '');
  const allowed = segments.every((segment) => /^[A-Za-z0-9_@.-]{1,200}$/.test(segment) && !/^\.+$/.test(segment));
  if (segments.length > 0 && allowed) return segments;
  throw new InvalidSpecError(
    `Cannot use ${JSON.stringify(parent)} as the parent of all cgroups: give a path such as "aurae" or ` +
      '"machine.slice/aurae", of letters, digits and the characters . _ @ -',
  );
}
