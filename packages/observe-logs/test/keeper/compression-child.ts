// Keeps the log in a directory until it is killed; that is its last argument.
import { setTimeout as nextTick } from 'node:timers/promises';
import { LogKeeper } from '@aurae/observe-logs';
import { ManualClock } from '../fixtures/manual-clock.js';
import { workloadOf } from './workload.js';

const clock = new ManualClock();
const keeper = new LogKeeper({
  maximumBytes: 0,
  maximumBytesPerWorkload: 0,
  maximumAgeMs: 0,
  compress: true,
  clock,
});
keeper.keep(workloadOf('web'), process.argv.at(-1) ?? '');
keeper.start();
// Leaves the processor to whoever watches it.
for (;;) await clock.advance(1000).then(() => nextTick(1));
