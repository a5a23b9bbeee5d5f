import { z } from 'zod';
import { absolutePath } from '../absolute-path.js';

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, { error: 'the name of an HTTP header' });
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, { error: 'the value of an HTTP header' });

/** What every sink that posts has among its options. */
export const httpSinkOptions = {
  /** An http or https URL without user and password. */
  endpoint: z
    .url({ protocol: /^https?$/, error: 'an http or https URL', abort: true })
    .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
      error: 'a URL without a password: give it as `username` and `password_file`',
    }),
  /** Sent with each batch. Secrets belong into `password_file` or `token_file`. */
  headers: z.record(headerName, headerValue).default({}),
  compression: z.enum(['gzip', 'none']).default('gzip'),
  /** For basic authentication, with the password in a file. */
  username: z
    .string()
    .regex(/^[^:]*$/, { error: 'a name without a colon' })
    .optional(),
  password_file: absolutePath.optional(),
  /** A file with a bearer token. */
  token_file: absolutePath.optional(),
};

interface Credentials {
  readonly username?: string | undefined;
  readonly password_file?: string | undefined;
  readonly token_file?: string | undefined;
}

/** To be used with `superRefine`: which of the credentials go together. */
export function checkCredentials(options: Credentials, context: z.RefinementCtx): void {
  const { username, password_file: passwordFile, token_file: tokenFile } = options;
  if (tokenFile !== undefined && (username !== undefined || passwordFile !== undefined)) {
    context.addIssue({ code: 'custom', path: ['token_file'], message: 'absent where a user and a password are given' });
  }
  if ((username === undefined) !== (passwordFile === undefined)) {
    const path = [username === undefined ? 'username' : 'password_file'];
    context.addIssue({ code: 'custom', path, message: 'given: `username` and `password_file` go together' });
  }
}
