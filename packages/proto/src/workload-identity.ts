import { WorkloadKind } from './gen/meta.js';
import type * as runtime from './gen/runtime.js';

/**
 * By what an executable is known: the name that it was given, or the command itself for those who give none, as the early
 * clients do. Empty when there is neither.
 */
export function executableName({ meta: given, command, argv }: runtime.Executable): string {
  return given?.name || command || argv.map(quotedWord).join(' ');
}

/** The same for containers and instances. */
export function namedWorkloadName({ meta: given, name }: runtime.Container | runtime.Instance): string {
  return given?.name || name;
}

/** `executable`, `container` or `instance`, for a person. */
export function kindWord(kind: WorkloadKind): string {
  switch (kind) {
    case WorkloadKind.WORKLOAD_KIND_EXECUTABLE:
      return 'executable';
    case WorkloadKind.WORKLOAD_KIND_CONTAINER:
      return 'container';
    case WorkloadKind.WORKLOAD_KIND_INSTANCE:
      return 'instance';
    default:
      return 'workload';
  }
}

function quotedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
