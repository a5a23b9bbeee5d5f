import { createRequire } from 'node:module';

type CronLibrary = typeof import('croner');

const require = createRequire(import.meta.url);
let loaded: CronLibrary | undefined;

/** croner, loaded by the first cron expression: most schedules have none. */
export function cronLibrary(): CronLibrary {
  loaded ??= require('croner') as CronLibrary;
  return loaded;
}
