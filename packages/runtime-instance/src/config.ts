import { z } from 'zod';

/** Options of the instance backend in the daemon's configuration. There are none yet. */
export const instanceOptionsSchema = z.strictObject({});

export type InstanceOptions = z.output<typeof instanceOptionsSchema>;
