import { join } from 'node:path';

/** Where the echo server listens and keeps its certificates. */
export function echoPlace(directory: string) {
  return { target: `unix:${join(directory, 'echo.sock')}`, pkiDir: join(directory, 'pki') };
}
