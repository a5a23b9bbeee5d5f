import type { AuraeClient } from '@aurae/client';
import { NotFoundError } from '@aurae/proto';
import { closestWord } from '../closest-word.js';
import { scheduledItems } from './scheduled-item.js';
import { shownKey, type WorkloadKey } from './workload-key.js';

/** ` did you mean "web"?` after a colon; empty where nothing is called alike. */
export function meantName(text: string, keys: readonly WorkloadKey[], otherWords: readonly string[] = []): string {
  const meant = closestWord(text, [...keys.map(shownKey), ...otherWords]);
  return meant === undefined ? '' : `: did you mean ${JSON.stringify(meant)}?`;
}

/** The same for what the schedule has now. That it cannot be asked is no failure of its own. */
export async function meantScheduled(client: AuraeClient, key: WorkloadKey, signal: AbortSignal): Promise<string> {
  try {
    const { items } = await scheduledItems(client, { enabled: true, disabled: true }, signal);
    const others = items.map((item) => item.key).filter(({ kind, name }) => kind !== key.kind || name !== key.name);
    return meantName(shownKey(key), others);
  } catch {
    return '';
  }
}

/** Does the work; where there is no such workload, the error tells which one may have been meant. */
export async function suggestingName<Answer>(
  client: AuraeClient,
  key: WorkloadKey,
  signal: AbortSignal,
  work: Promise<Answer>,
): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    const meant = error instanceof NotFoundError ? await meantScheduled(client, key, signal) : '';
    if (meant === '') throw error;
    throw new NotFoundError(`${(error as Error).message}${meant.replace(/^:/, ';')}`, { cause: error });
  }
}
