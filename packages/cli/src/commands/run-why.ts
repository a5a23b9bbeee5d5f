import { schedule } from '@aurae/proto';
import { paintFor } from '../output/terminal-style.js';
import { suggestingName } from '../schedule/suggest-workload.js';
import { referenceOf } from '../schedule/workload-key.js';
import { parseWorkloadText } from '../values/workload-text.js';
import { forEachName, type NameAction } from './for-each-name.js';
import { formatHistory } from './format-history.js';
import type { KindOptions } from './kind-options.js';
import { givenNames } from './name-selection.js';

export interface WhyOptions extends KindOptions {
  /** How many entries to show at most. */
  readonly number?: number;
  readonly all?: boolean;
}

/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;
const usualEntries = 15;

export async function runWhy(names: readonly string[], options: WhyOptions): Promise<number> {
  const { number = usualEntries, all = false, kind } = options;
  const view = {
    paint: paintFor(process.stdout),
    width: process.stdout.columns || undefined,
    most: all ? Number.POSITIVE_INFINITY : number,
  };
  const why: NameAction = async (client, name, signal) => {
    const key = parseWorkloadText(name, kind);
    const asked = client.schedule.showHistory({ workload: referenceOf(key) }, { signal, timeoutMs });
    const history = await suggestingName(client, key, signal, asked);
    const text = formatHistory(key, history, { ...view, nowMs: Date.now() });
    const json = { entries: [], ...(schedule.ShowHistoryResponse.toJSON(history) as object) };
    return { text: name === names[0] ? text : `\n${text}`, json };
  };
  return await forEachName(givenNames(names), options, why);
}
