import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimSocketPath } from '../../src/server/unix-socket.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aurae-socket-'));
  path = join(directory, 'aurae.sock');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('claiming a socket path', () => {
  it('takes a free path', async () => {
    await claimSocketPath(path);
    expect(existsSync(path)).toBe(false);
  });

  it('takes away the socket of a process that was killed', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const owner = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    await expect(claimSocketPath(path)).rejects.toThrow('Another process listens on the socket');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(existsSync(path)).toBe(true);
    await claimSocketPath(path);
    expect(existsSync(path)).toBe(false);
  });

  it('never steals one that answers', async () => {
    const server = createServer((socket) => socket.end()).listen(path);
    await once(server, 'listening');
    await expect(claimSocketPath(path)).rejects.toThrow(`Another process listens on the socket "${path}"`);
    expect(existsSync(path)).toBe(true);
    server.close();
    await once(server, 'close');
  });

  it('refuses a path where something else is', async () => {
    writeFileSync(path, 'precious');
    await expect(claimSocketPath(path)).rejects.toThrow('is in the way and is not a socket');
    expect(existsSync(path)).toBe(true);
  });

  it('refuses a path that is too long for a socket', async () => {
    await expect(claimSocketPath(join(directory, 'x'.repeat(120)))).rejects.toThrow('Unix sockets allow 107');
  });
});
