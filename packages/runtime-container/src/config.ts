import { z } from 'zod';

/** Options of the container backend in the daemon's configuration. There are none yet. */
export const containerOptionsSchema = z.strictObject({});

export type ContainerOptions = z.output<typeof containerOptionsSchema>;
