import { z } from 'zod';

/** The path of a file, in the options of a sink. */
export const absolutePath = z.string({ error: 'an absolute path' }).regex(/^\/[^\0]*$/, { error: 'an absolute path' });
