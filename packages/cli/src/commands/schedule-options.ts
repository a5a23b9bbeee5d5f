import type { KindOptions } from './kind-options.js';

export interface ScheduleOptions extends KindOptions {
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly failed?: boolean;
}
