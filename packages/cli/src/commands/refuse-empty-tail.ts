import { UsageError } from '../failures.js';

/** @throws UsageError for a tail of 0 where nothing comes after it */
export function refuseEmptyTail({ tail, follow = false }: { readonly tail?: number; readonly follow?: boolean }): void {
  if (tail === 0 && !follow)
    throw new UsageError('option --tail 0 shows nothing: it is for --follow, which it lets begin now');
}
