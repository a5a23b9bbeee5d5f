import { z } from 'zod';

/** The path of a file, in the options of a sink. */
export const absolutePath = z.string().regex(/^\/[^\0]*$/, { error: 'an absolute path' });
