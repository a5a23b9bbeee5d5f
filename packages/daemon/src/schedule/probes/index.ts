export { awaitReadiness } from './await-readiness.js';
export { checkProbe, type ProbeUse } from './check-probe.js';
export type { ProbeOptions } from './probe-options.js';
export type { ProbeTarget } from './probe-target.js';
export { watchLiveness } from './watch-liveness.js';
