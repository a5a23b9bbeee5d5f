import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { AuraedFixture, childrenOf, eventually, isAlive, openDescriptors, type Program } from './auraed-fixture.js';

let fixture: AuraedFixture;
let daemon: Program;
let before: string[];

beforeAll(async () => {
  fixture = new AuraedFixture();
  daemon = await fixture.start();
  await fixture.aurae('exec', '--', 'true');
  before = openDescriptors(daemon.pid);
});
afterAll(() => fixture[Symbol.asyncDispose]());

beforeEach(() => {
  expect(isAlive(daemon.pid)).toBe(true);
});
afterEach(async () => {
  await eventually(() => childrenOf(daemon.pid).length === 0);
  await eventually(() => isDeepStrictEqual(openDescriptors(daemon.pid), before));
});

describe('aurae exec', () => {
  it('behaves exactly as the command itself', async () => {
    const { code, stdout, stderr } = await fixture.aurae('exec', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3');
    expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('passes arguments, environment and directory exactly', async () => {
    const script = 'printf "%s|" "$@" "$KEY" "$PWD"';
    const args = [
      'exec',
      '--env',
      'KEY=a b$c',
      '--cwd',
      '/usr',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      '',
      'a  b',
      '$HOME',
      "it's",
    ];
    expect((await fixture.aurae(...args)).stdout).toBe("|a  b|$HOME|it's|a b$c|/usr|");
  });

  it('runs as another user', async () => {
    const { stdout } = await fixture.aurae('exec', '--user', 'nobody', '--', 'sh', '-c', 'id -un; echo $HOME');
    expect(stdout).toBe('nobody\n/nonexistent\n');
  });

  it.each([
    [['exec', '--', '/no/such/program'], 127, 'no/such/program'],
    [['exec', '--', '/etc/passwd'], 126, '/etc/passwd'],
    [['exec', '--cwd', '/no/such/dir', '--', 'true'], 125, '/no/such/dir'],
    [['exec', '--user', 'nosuchuser', '--', 'true'], 125, 'nosuchuser'],
    [['exec', '--', ''], 125, 'command'],
    [['exec', '--env', '=x', '--', 'true'], 125, 'env'],
    [['exec', '--timeout', 'soon', '--', 'true'], 125, 'soon'],
  ])('%j ends with %i and names what is wrong', async (args, expected, named) => {
    const { code, stdout, stderr } = await fixture.aurae(...args);
    expect(code).toBe(expected);
    expect(stdout).toBe('');
    expect(stderr).toContain(named);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('ends with 128+N when a signal ended the command', async () => {
    expect((await fixture.aurae('exec', '--', 'sh', '-c', 'kill -SEGV $$')).code).toBe(139);
  });

  it('ends the whole tree, and those who ignore TERM, when the caller goes away', async () => {
    const pids = join(fixture.root, 'pids');
    const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$ >> ${pids}; while :; do sleep 1; done' & echo $$ >> ${pids}; while :; do sleep 1; done`;
    const caller = fixture.startAurae('exec', '--', 'sh', '-c', script);
    await eventually(() => existsSync(pids) && readFileSync(pids, 'utf8').split('\n').length === 3);
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(started.every(isAlive)).toBe(true);
    await caller.kill('SIGKILL');
    await eventually(() => !started.some(isAlive));
  });

  it('ends the tree when the caller presses Ctrl-C, and says 130', async () => {
    const pids = join(fixture.root, 'interrupted');
    const caller = fixture.startAurae('exec', '--', 'sh', '-c', `echo $$ > ${pids}; sleep 1000`);
    await eventually(() => existsSync(pids) && readFileSync(pids, 'utf8').includes('\n'));
    const pid = Number(readFileSync(pids, 'utf8'));
    expect((await caller.kill('SIGINT')).code).toBe(130);
    await eventually(() => !isAlive(pid));
  });

  it('ends at its timeout with what was written until then', async () => {
    const { code, stdout } = await fixture.aurae(
      'exec',
      '--timeout',
      '300ms',
      '--',
      'sh',
      '-c',
      'echo early; sleep 1000',
    );
    expect({ code, stdout }).toEqual({ code: 124, stdout: 'early\n' });
  });

  it('does not wait for a child that holds the output', async () => {
    const { code, stdout } = await fixture.aurae('exec', '--', 'sh', '-c', 'sleep 1000 & echo done');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
  });

  it('passes on all of 100 MB', async () => {
    const { code, stdout, stderr } = await fixture.aurae(
      'exec',
      '--',
      'sh',
      '-c',
      'head -c 104857600 /dev/zero | tr "\\0" x',
    );
    expect(code).toBe(0);
    expect(stdout).toHaveLength(104_857_600);
    expect(stderr).toBe('');
  });

  it('gives JSON to programs, and ends with the code of the command', async () => {
    const { code, stdout } = await fixture.aurae(
      '--output',
      'json',
      'exec',
      '--',
      'sh',
      '-c',
      'printf "\\377ok"; exit 4',
    );
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ stdout: '\uFFFDok', exitCode: '4', status: 'STATUS_COMPLETE' });
  });
});
