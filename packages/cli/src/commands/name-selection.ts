import type { AuraeClient } from '@aurae/client';
import type { runtime } from '@aurae/proto';
import { UsageError } from '../failures.js';
import type { GlobalOptions } from '../global-options.js';

/** The workloads that a command acts on. */
export interface NameSelection {
  /** Whether that one of them is gone by now is as good as what was wanted. */
  readonly isAll: boolean;
  find(client: AuraeClient, signal: AbortSignal): Promise<readonly string[]>;
}

export interface AllOption extends GlobalOptions {
  readonly all?: boolean;
}

export function givenNames(names: readonly string[]): NameSelection {
  return { isAll: false, find: async () => [...new Set(names)] };
}

/** Either the names, or all that `findAll` finds. */
export function namesOrAll(
  names: readonly string[],
  { all = false }: AllOption,
  findAll: NameSelection['find'],
): NameSelection {
  if (all && names.length > 0) throw new UsageError('give either names or --all, not both');
  if (!all && names.length === 0) throw new UsageError('give the names of executables, or --all');
  return all ? { isAll: true, find: findAll } : givenNames(names);
}

export async function findRunning(client: AuraeClient, signal: AbortSignal): Promise<readonly string[]> {
  return namesIn(await client.runtime.executableList({ all: false }, { signal }));
}

/** One that ends between the two questions counts as ended; none that runs does. */
export async function findEnded(client: AuraeClient, signal: AbortSignal): Promise<readonly string[]> {
  const known = namesIn(await client.runtime.executableList({ all: true }, { signal }));
  const running = new Set(await findRunning(client, signal));
  return known.filter((name) => !running.has(name));
}

function namesIn({ executables }: runtime.ExecutableListResponse): string[] {
  return executables.flatMap((status) => status.meta?.name ?? []);
}
