import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuraedFixture, childrenOf, eventually, isAlive } from './auraed-fixture.js';

let fixture: AuraedFixture;
beforeEach(() => {
  fixture = new AuraedFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

describe('auraed', () => {
  it('says at its start what to type next', async () => {
    const daemon = await fixture.start();
    const { stdout, code } = await daemon.kill('SIGTERM');
    expect(code).toBe(0);
    expect(stdout).toContain(`aurae --root ${fixture.root} exec -- uname -a`);
    expect(stdout).toContain(fixture.socket);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('lets a command finish after %s, then ends with 0', async (signal) => {
    const daemon = await fixture.start();
    const go = join(fixture.root, 'go');
    const call = fixture.startAurae('exec', '--', 'sh', '-c', `until [ -e ${go} ]; do sleep 0.01; done; echo finished`);
    await eventually(() => childrenOf(daemon.pid).length === 1);
    daemon.process.kill(signal);
    await eventually(() => daemon.said.stderr.includes('Stopping'));
    writeFileSync(go, '');
    expect(await call.ended).toMatchObject({ code: 0, stdout: 'finished\n' });
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null });
    expect(existsSync(fixture.socket)).toBe(false);
  });

  it('ends the commands that do not finish in time, the whole tree, then ends with 0', async () => {
    configure('shutdown.drain_timeout = "100ms"');
    const daemon = await fixture.start();
    const call = fixture.startAurae('exec', '--', 'sh', '-c', 'sleep 1000 & sleep 1000');
    await eventually(
      () => childrenOf(daemon.pid).length === 1 && childrenOf(childrenOf(daemon.pid)[0] ?? 0).length === 2,
    );
    const tree = childrenOf(daemon.pid).flatMap((pid) => [pid, ...childrenOf(pid)]);
    expect(await daemon.kill('SIGTERM')).toMatchObject({ code: 0 });
    expect(tree.filter(isAlive)).toEqual([]);
    expect(await call.ended).toMatchObject({ code: 125 });
  });

  it('leaves no command behind when it is killed, and the next one takes over socket and certificates', async () => {
    const first = await fixture.start();
    const certificate = readFileSync(join(fixture.pkiDir, 'ca.crt'), 'utf8');
    const call = fixture.startAurae('exec', '--', 'sleep', '1000');
    await eventually(() => childrenOf(first.pid).length === 1);
    const [command] = childrenOf(first.pid);
    await first.kill('SIGKILL');
    expect(await call.ended).toMatchObject({ code: 125 });
    await eventually(() => !isAlive(command as number));
    expect(existsSync(fixture.socket)).toBe(true);

    await fixture.start();
    expect(await fixture.aurae('exec', '--', 'echo', 'again')).toMatchObject({ code: 0, stdout: 'again\n' });
    expect(readFileSync(join(fixture.pkiDir, 'ca.crt'), 'utf8')).toBe(certificate);
  });

  it('cuts the wait for a command short at a second signal', async () => {
    configure('shutdown.drain_timeout = "1h"');
    const daemon = await fixture.start();
    const call = fixture.startAurae('exec', '--', 'sleep', '1000');
    await eventually(() => childrenOf(daemon.pid).length === 1);
    daemon.process.kill('SIGTERM');
    await eventually(() => daemon.said.stderr.includes('a second signal cancels now'));
    expect(await daemon.kill('SIGINT')).toMatchObject({ code: 0 });
    expect(await call.ended).toMatchObject({ code: 125 });
  });

  it('ends at once though a client is connected that says nothing', async () => {
    const daemon = await fixture.start('--listen', '127.0.0.1:0');
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(daemon.said.stdout)?.[1]);
    const silent = [connect(port, '127.0.0.1'), connect(fixture.socket)];
    for (const socket of silent) socket.on('error', () => {});
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    expect(await daemon.kill('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('does not wait for a FIFO in the place of its configuration', async () => {
    const file = configure('');
    rmSync(file);
    execFileSync('mkfifo', [file]);
    const { code, stderr } = await fixture.launch().ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}: cannot be read: it is not a regular file`);
  });

  it('does not run what others could have put into its configuration', async () => {
    const file = configure('');
    chmodSync(file, 0o666);
    const { code, stderr } = await fixture.launch().ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`run "chmod go-w ${file}"`);
  });

  it('refuses to be the second on the same directories', async () => {
    await fixture.start();
    const second = await fixture.launch().ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('Another auraed already uses the directory');
    expect((await fixture.aurae('exec', '--', 'echo', 'fine')).stdout).toBe('fine\n');
  });

  it.each([
    ['an unknown key', 'colour = 1', 'colour is not a known key'],
    ['a wrong value', 'log.level = "loud"', 'log.level = "loud" is not allowed'],
    ['no TOML', 'log = = 1', 'is not valid TOML'],
    ['a wrong option of a backend', 'backends.executable.options.speed = 1', 'backends.executable.options'],
  ])('ends with 2 for a configuration with %s', async (_, text, message) => {
    const file = configure(text);
    const { code, stderr } = await fixture.launch().ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`auraed: ${file}`);
    expect(stderr).toContain(message);
  });

  it.each([[['--colour']], [['--log-level', 'loud']], [['--listen', 'nowhere']], [['--config', '/no/such/file.toml']]])(
    'ends with 2 for %j',
    async (flags) => {
      expect((await fixture.launch(...flags).ended).code).toBe(2);
    },
  );

  it('issues a certificate that a client can use at once', async () => {
    await fixture.start();
    const issued = await fixture.aurae('--output', 'json', 'pki', 'issue', 'alice');
    expect(issued.code).toBe(0);
    const { certificate, key, ca } = JSON.parse(issued.stdout);
    const flags = ['--client-crt', certificate, '--client-key', key, '--ca-crt', ca];
    const { stdout } = await fixture.aurae('--output', 'json', ...flags, 'status');
    expect(JSON.parse(stdout).identity).toBe('spiffe://unsafe.aurae.io/client/alice');
    const again = await fixture.aurae('pki', 'issue', 'alice');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('alice');
  });

  it('serves on TCP too when asked', async () => {
    const daemon = await fixture.start('--listen', '127.0.0.1:0');
    const port = /127\.0\.0\.1:(\d+)/.exec(daemon.said.stdout)?.[1];
    const { stdout } = await fixture.aurae('--socket', `127.0.0.1:${port}`, 'exec', '--', 'echo', 'over TCP');
    expect(stdout).toBe('over TCP\n');
  });
});

describe('aurae', () => {
  it('says in one line that no daemon runs, and how to start one', async () => {
    for (const args of [['status'], ['exec', '--', 'true'], ['logs', '--daemon']]) {
      const { code, stderr } = await fixture.aurae(...args);
      expect(code).toBe(args[0] === 'exec' ? 125 : 1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain('auraed');
    }
  });

  it('shows status as a table and as JSON', async () => {
    await fixture.start();
    const table = await fixture.aurae('status');
    expect(table.stdout).toMatch(/executable.*process.*serving/i);
    expect(table.stdout).toMatch(/container.*unavailable/i);
    const { backends, version } = JSON.parse((await fixture.aurae('--output', 'json', 'status')).stdout);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(backends).toHaveLength(4);
  });

  it('follows the log of the daemon, and that of the next one, until Ctrl-C', async () => {
    const daemon = await fixture.start();
    const follower = fixture.startAurae('logs', '--daemon', '-f');
    await follower.says('Serving');
    await daemon.kill('SIGTERM');
    await eventually(() => follower.said.stderr.includes('waiting'));
    await fixture.start();
    await eventually(() => follower.said.stdout.split('Serving').length > 2);
    const { code } = await follower.kill('SIGINT');
    expect(code).toBe(130);
  });
});

function configure(text: string): string {
  const directory = join(fixture.root, 'etc/aurae');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'auraed.toml');
  writeFileSync(file, `${text}\n`);
  return file;
}
