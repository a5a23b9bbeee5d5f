import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'smol-toml';
import { type ClientPaths, createFileDurably } from '../pki/index.js';

/**
 * Writes the file by which clients on this machine find the daemon, unless there is one: what an operator wrote is
 * never touched. It names paths and holds no secret.
 */
export async function ensureClientConfig(file: string, client: ClientPaths, socket: string): Promise<boolean> {
  if (existsSync(file)) return false;
  await mkdir(dirname(file), { recursive: true });
  const text = stringify({
    auth: { ca_crt: client.caCertificate, client_crt: client.certificate, client_key: client.key },
    system: { socket },
  });
  const data = `# Made by auraed at its first start; yours to change.\n${text}`;
  return await createFileDurably({ path: file, data, mode: 0o644 });
}
