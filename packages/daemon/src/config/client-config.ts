import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'smol-toml';
import type { ClientPaths } from '../pki/index.js';

/**
 * Writes the file by which clients on this machine find the daemon, unless there is one: what an operator wrote is
 * never touched. It names paths and holds no secret.
 */
export function ensureClientConfig(file: string, client: ClientPaths, socket: string): boolean {
  if (existsSync(file)) return false;
  mkdirSync(dirname(file), { recursive: true });
  const text = stringify({
    auth: { ca_crt: client.caCertificate, client_crt: client.certificate, client_key: client.key },
    system: { socket },
  });
  try {
    writeFileSync(file, `# Made by auraed at its first start; yours to change.\n${text}`, { mode: 0o644, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
