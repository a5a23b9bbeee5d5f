import { FailedPreconditionError, type runtime } from '@aurae/proto';
import type { CgroupSupport } from './cgroup-survey.js';
import { type CgroupSetting, limitSettings, type RequestedLimit, requestedLimits } from './limit-settings.js';
import type { LimitedResource } from './limited-resource.js';
import type { Placement } from './placement.js';

/** The settings of one workload for its shim, native/shim/README.md. All paths are absolute. */
export interface CgroupPlan {
  /** To make, and to put the workload into. */
  readonly directories: readonly string[];
  /** To write once all directories are made, in this order. */
  readonly values: readonly CgroupSetting[];
  /** The directory through which its processes are ended, of version 2. */
  readonly kill?: string;
  /** The same, of the version 1 freezer. */
  readonly freezer?: string;
  /** Has the line `oom_kill N`. */
  readonly events?: string;
  /** There already; the shim itself goes into them. */
  readonly shimDirectories: readonly string[];
}

/** `name` is that of the workload's cgroups. Throws `FailedPreconditionError` for a limit that the host cannot enforce. */
export function planCgroups(
  placements: readonly Placement[],
  support: CgroupSupport,
  name: string,
  limits: runtime.ResourceLimits | undefined,
): CgroupPlan {
  const requested = requestedLimits(limits);
  for (const limit of requested) requireSupport(limit, support);
  const directoryIn = ({ parent }: Placement) => `${parent.path}/${name}`;
  const values = requested.flatMap((limit) => {
    const placement = placementOf(limit.resource, placements);
    if (!placement) return [];
    const { hierarchy, swapFile } = placement;
    return limitSettings(limit, { version: hierarchy.version, directory: directoryIn(placement), swapFile });
  });
  const used = usedPlacements(placements, requested);
  const ending = used.find(({ canEnd }) => canEnd);
  const memory = placementOf('memory', used);
  return {
    directories: used.map(directoryIn),
    values,
    ...(ending && { [ending.hierarchy.version === 2 ? 'kill' : 'freezer']: directoryIn(ending) }),
    ...(memory && { events: `${directoryIn(memory)}/${eventsFile(memory)}` }),
    shimDirectories: placements.filter(({ hierarchy }) => hierarchy.version === 2).map(({ parent }) => parent.shims),
  };
}

/**
 * The one through which it is ended comes first. Of version 1 only what is needed: a process is born into a cgroup of
 * version 2, whereas to move it into one of version 1 takes the kernel milliseconds (it waits for an RCU grace period).
 */
function usedPlacements(placements: readonly Placement[], requested: readonly RequestedLimit[]): Placement[] {
  const tracking =
    placements.find(({ hierarchy }) => hierarchy.version === 2) ?? placements.find(({ canEnd }) => canEnd);
  const limiting = requested.flatMap(({ resource }) => placementOf(resource, placements) ?? []);
  return [...new Set([...(tracking ? [tracking] : []), ...limiting])];
}

function requireSupport({ resource, field, amount }: RequestedLimit, support: CgroupSupport): void {
  const { [resource]: result } = support;
  if (result.available) return;
  const message = `Cannot enforce the limit "${field}" of ${amount}: ${result.reason}. ${result.remedy}. Or start it without this limit`;
  throw new FailedPreconditionError(message, { metadata: { field } });
}

function placementOf(resource: LimitedResource, placements: readonly Placement[]): Placement | undefined {
  return placements.find(({ resources }) => resources.get(resource)?.available);
}

/** The oldest kernel that is supported has the line in both. */
function eventsFile({ hierarchy }: Placement): string {
  return hierarchy.version === 2 ? 'memory.events' : 'memory.oom_control';
}
