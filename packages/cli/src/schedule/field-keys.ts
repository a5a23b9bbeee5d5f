/** What a workload file calls the fields of the API, where that is something else. */
const keys: Readonly<Record<string, string>> = {
  meta: 'name',
  name: 'given_name',
  terminal: 'tty',
  stop_grace_period_ms: 'stop_timeout',
  process_limits: 'ulimits',
  'criteria.timer': 'timer',
  'criteria.after': 'after',
  'criteria.readiness': 'ready',
  'criteria.ready_within_ms': 'ready.within',
  'criteria.liveness': 'alive',
};

/** The keys of a workload file by which somebody finds the fields that differ. */
export function fileKeys(fields: readonly string[]): string[] {
  // The command of a program with arguments only says the same again.
  const telling = fields.includes('argv') ? fields.filter((field) => field !== 'command') : fields;
  return [...new Set(telling.map((field) => keys[field] ?? field))];
}
