import { kindWord, type meta } from '@aurae/proto';

const longest = 128;

/**
 * A workload as the log calls it: `executable/web`. One that was given no name is known by its command, whose arguments
 * may be secret: only the first word of it is told.
 */
export function workloadText({ kind, name }: meta.WorkloadReference): string {
  return `${kindWord(kind)}/${shortName(name)}`;
}

/** The name alone, as `workloadText` has it. */
export function shortName(name: string): string {
  const space = name.search(/\s/);
  const word = space === -1 ? name : `${name.slice(0, space)} …`;
  return word.length <= longest ? word : `${word.slice(0, longest)}…`;
}
