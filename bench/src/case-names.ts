/** In the order in which they are measured and printed. */
export const caseNames = [
  'raw',
  'child-process',
  'child-process-1gb',
  'addon',
  'addon-1gb',
  'runtime',
  'runtime-1gb',
  'echo',
  'exec',
  'exec-1gb',
  'executable-start',
] as const;

export type CaseName = (typeof caseNames)[number];

const bigHeapSuffix = '-1gb';

/** What is called. The one process that makes a difference may have a heap of 1 GB. */
export type Family = 'raw' | 'child-process' | 'addon' | 'runtime' | 'echo' | 'exec' | 'executable-start';

export function familyOf(name: CaseName): Family {
  return (hasBigHeap(name) ? name.slice(0, -bigHeapSuffix.length) : name) as Family;
}

export function hasBigHeap(name: CaseName): boolean {
  return name.endsWith(bigHeapSuffix);
}
