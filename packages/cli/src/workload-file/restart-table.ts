import type { runtime } from '@aurae/proto';
import { durationText } from './duration-text.js';
import { parseRestartPolicy, restartForms, restartModes } from '../values/restart-policy.js';
import { shortForm, withoutDefaults } from './short-form.js';
import { isTable, isText, type Table } from './table.js';

type ModeName = keyof typeof restartModes;
const modeNames = Object.keys(restartModes) as ModeName[];

/** `restart = "on-failure:5"`, or a table that also names the pauses. */
export function readRestart(table: Table): runtime.RestartPolicy | undefined {
  const parse = (value: unknown) => {
    if (isText(value)) return parseRestartPolicy(value);
    return isTable(value) ? readRestartTable(table.inner(['restart'], value)) : undefined;
  };
  return table.read('restart', parse, `${restartForms}, or a table with a mode and pauses`);
}

function readRestartTable(table: Table): runtime.RestartPolicy {
  const mode = table.choice('mode', modeNames);
  if (!table.has('mode')) table.reportLack(`${table.nameOf('mode')} is missing: give ${modeNames.join(', ')}`);
  const policy = {
    mode: restartModes[mode ?? 'never'],
    maxRestarts: table.count('max_restarts'),
    firstPauseMs: table.duration('first_pause'),
    longestPauseMs: table.duration('longest_pause'),
    stableAfterMs: table.duration('stable_after'),
  };
  table.end();
  return policy;
}

export function writeRestart(policy: runtime.RestartPolicy | undefined): string | object | undefined {
  if (!policy) return undefined;
  const { maxRestarts, firstPauseMs, longestPauseMs, stableAfterMs } = policy;
  const mode = modeNames.find((name) => restartModes[name] === policy.mode) ?? 'never';
  const text = maxRestarts > 0 ? `${mode}:${maxRestarts}` : mode;
  return shortForm(text, policy, parseRestartPolicy, () => ({
    mode,
    ...withoutDefaults({
      max_restarts: maxRestarts,
      first_pause: durationText(firstPauseMs),
      longest_pause: durationText(longestPauseMs),
      stable_after: durationText(stableAfterMs),
    }),
  }));
}
