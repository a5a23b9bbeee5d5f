import { once } from 'node:events';
import { meta, runtime } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { AttachPeer } from './support/attach-peer.js';
import { resultOf, runCli, startCliWithInput } from './support/run-cli.js';

const { STATUS_ACTIVE } = meta.Status;
const executables = [
  { meta: { name: 'sorter' }, status: STATUS_ACTIVE, executable: { stdin: true } },
  { meta: { name: 'web' }, status: STATUS_ACTIVE, executable: {} },
];

let root: TestRoot;
let peer: AttachPeer;

beforeEach(async () => {
  root = await TestRoot.make();
  peer = new AttachPeer();
  await root.serve({
    runtime: {
      attach: (context, requests) => peer.attach(context, requests),
      executableList: async () => runtime.ExecutableListResponse.fromPartial({ executables }),
    },
  });
});
afterEach(() => root[Symbol.asyncDispose]());

function attach(...args: string[]) {
  return startCliWithInput(['--root', root.dir, 'attach', ...args]);
}

describe('the end of the standard input of attach', () => {
  test('is told and not passed on, and the output is shown on', async () => {
    const child = attach('sorter');
    const closed = once(child, 'close');
    child.stdin.end('b\na\n');
    peer.started();
    expect(String(await once(child.stderr, 'data'))).toBe(
      'aurae: standard input has ended; the output of "sorter" is shown on, and its input stays open (--close-stdin)\n',
    );
    peer.writes('still here\n');
    expect(String(await once(child.stdout, 'data'))).toBe('still here\n');
    peer.ended({ exitCode: '3' });
    expect((await closed)[0]).toBe(3);
    expect(peer.stdin.toString()).toBe('b\na\n');
    expect(peer.inputs.map(({ $case }) => $case)).not.toContain('stdinClosed');
  });

  test('is passed on with --close-stdin, and told', async () => {
    const child = attach('sorter', '--close-stdin');
    const result = resultOf(child);
    child.stdin.end('b\na\n');
    peer.started();
    await peer.until(({ inputs }) => inputs.at(-1)?.$case === 'stdinClosed');
    expect(peer.stdin.toString()).toBe('b\na\n');
    peer.writes('a\nb\n').ended({ exitCode: '0' });
    expect(await result).toMatchObject({
      code: 0,
      stdout: 'a\nb\n',
      stderr: 'aurae: standard input has ended, and with it that of "sorter", whose output is shown on\n',
    });
  });

  test.each([
    [['web', '--close-stdin'], '"web" has no standard input to close: it was started without -i or -t'],
    [['sorter', '--close-stdin', '--no-stdin'], 'give either --no-stdin or --close-stdin, not both'],
  ])('cannot be passed on: %j', async (args, message) => {
    const { code, stderr } = await runCli(['--root', root.dir, 'attach', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `aurae: ${message}\n` });
    expect(peer.inputs).toEqual([]);
  });
});
