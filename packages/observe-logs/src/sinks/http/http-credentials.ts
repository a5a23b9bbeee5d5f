import { readFile } from 'node:fs/promises';
import { UnavailableError } from '@aurae/proto';
import { messageOf } from '../sink-report.js';

const longestSecretCharacters = 16_384;

/** Where the secret of a sink lies. At most one of the files is given. */
export interface HttpCredentials {
  readonly username?: string | undefined;
  readonly password_file?: string | undefined;
  readonly token_file?: string | undefined;
}

/**
 * The `Authorization` header, from a file that is read each time, so that a secret can be replaced at any time.
 *
 * @throws UnavailableError when the file cannot be read, or holds what no header can
 */
export async function authorization(
  { username = '', password_file: passwordFile, token_file: tokenFile }: HttpCredentials,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (passwordFile) return basic(username, await secret(passwordFile, signal));
  if (tokenFile) return { authorization: `Bearer ${await secret(tokenFile, signal)}` };
  return {};
}

function basic(username: string, password: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

async function secret(path: string, signal: AbortSignal): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, { encoding: 'utf8', signal })).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new UnavailableError(`Cannot read the secret in "${path}": ${messageOf(cause)}`, { cause });
  }
  if (/^[\x20-\x7e]+$/.test(text) && text.length <= longestSecretCharacters) return text;
  throw new UnavailableError(
    `Cannot use the secret in "${path}": it must be one line of 1 to ${longestSecretCharacters} ASCII characters`,
  );
}
