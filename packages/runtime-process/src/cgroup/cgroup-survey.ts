import { readFile } from 'node:fs/promises';
import type { CgroupFiles } from './cgroup-files.js';
import { type CgroupLayout, findHierarchies, type Hierarchy, layoutOf } from './hierarchies.js';
import { type LimitedResource, limitedResources } from './limited-resource.js';
import { parseMountTable } from './mount-table.js';
import { parseOwnCgroups } from './own-cgroups.js';
import { findPlacement, type Placement } from './placement.js';
import { available, notMounted, type Refusal, refusalOf, type Support } from './support.js';

export interface SurveyOptions {
  readonly root: string;
  readonly mountInfoPath: string;
  readonly ownCgroupPath: string;
  /** Path of the parent, from the place where it is put. */
  readonly segments: readonly string[];
}

/** Which limits hold, and whether the whole of a workload can be ended, whatever it does to escape. */
export type CgroupSupport = Readonly<Record<LimitedResource | 'tracking', Support>>;

export interface CgroupSurvey {
  readonly layout: CgroupLayout;
  /** First the one through which a workload is ended, so that nobody forks while the others are looked at. */
  readonly placements: readonly Placement[];
  readonly support: CgroupSupport;
}

export async function surveyCgroups(files: CgroupFiles, options: SurveyOptions): Promise<CgroupSurvey> {
  const hierarchies = await readHierarchies(options);
  const find = async (hierarchy: Hierarchy) => {
    const wanted = wantedResources(hierarchy, hierarchies);
    return { hierarchy, result: await findPlacement(files, hierarchy, options.segments, wanted) };
  };
  const trees = await Promise.all(hierarchies.filter(({ version }) => version === 2).map(find));
  const needsFreezer = !trees.some(({ result }) => isPlacement(result) && result.canEnd);
  const ofVersion1 = hierarchies.filter((hierarchy) => hierarchy.version === 1 && isUseful(hierarchy, needsFreezer));
  const found = [...trees, ...(await Promise.all(ofVersion1.map(find)))];
  const support = {
    memory: limitSupport('memory', found, options.root),
    cpu: limitSupport('cpu', found, options.root),
    pids: limitSupport('pids', found, options.root),
    tracking: trackingSupport(found, options.root),
  };
  const usable = found.map(({ result }) => result).filter(isPlacement);
  const placements = [...usable.filter(({ canEnd }) => canEnd), ...usable.filter(({ canEnd }) => !canEnd)];
  return { layout: layoutOf(hierarchies), placements, support };
}

interface Finding {
  readonly hierarchy: Hierarchy;
  readonly result: Placement | Refusal;
}

function isPlacement(result: Placement | Refusal): result is Placement {
  return !('available' in result);
}

/** None where /proc tells nothing: that host has no cgroups for us. */
async function readHierarchies({ mountInfoPath, ownCgroupPath, root }: SurveyOptions): Promise<Hierarchy[]> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const [mountInfo, ownCgroups] = await Promise.all([read(mountInfoPath), read(ownCgroupPath)]);
  return findHierarchies(parseMountTable(mountInfo), parseOwnCgroups(ownCgroups), root);
}

/** A controller that version 1 has is not to be had of version 2. */
function wantedResources(hierarchy: Hierarchy, all: readonly Hierarchy[]): LimitedResource[] {
  if (hierarchy.version === 1) return limitedResources.filter((resource) => hierarchy.controllers.includes(resource));
  return limitedResources.filter((resource) => !all.some(({ controllers }) => controllers.includes(resource)));
}

function isUseful({ controllers }: Hierarchy, needsFreezer: boolean): boolean {
  const useful = [...limitedResources, ...(needsFreezer ? ['freezer'] : [])];
  return useful.some((name) => controllers.includes(name));
}

function limitSupport(resource: LimitedResource, found: readonly Finding[], root: string): Support {
  const ofVersion1 = found.find(({ hierarchy }) => hierarchy.controllers.includes(resource));
  const finding = ofVersion1 ?? found.find(({ hierarchy }) => hierarchy.version === 2);
  const missing = notMounted(`the controller "${resource}"`, root);
  if (!finding) return missing;
  return isPlacement(finding.result) ? (finding.result.resources.get(resource) ?? missing) : finding.result;
}

function trackingSupport(found: readonly Finding[], root: string): Support {
  if (found.some(({ result }) => isPlacement(result) && result.canEnd)) return available;
  const candidates = found.filter(
    ({ hierarchy }) => hierarchy.version === 2 || hierarchy.controllers.includes('freezer'),
  );
  const refusal = candidates.map(({ result }) => result).find((result) => !isPlacement(result));
  if (refusal && !isPlacement(refusal)) return refusal;
  const lacking = Object.assign(new Error('neither cgroup.kill nor a freezer'), { code: 'ENOENT' });
  if (candidates.length > 0) return refusalOf('end a cgroup as a whole', lacking);
  return notMounted('version 2 or the controller "freezer"', root);
}
