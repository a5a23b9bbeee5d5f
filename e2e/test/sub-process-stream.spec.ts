import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuraeClient } from '@aurae/client';
import { NotFoundError, observe } from '@aurae/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, eventually, type Program } from './auraed-fixture.js';
import { ExecutablesFixture, pidOf } from './executables-fixture.js';

const { CHANNEL_STDERR } = observe.LogChannelType;

let fixture: ExecutablesFixture;
let daemon: Program;
let client: AuraeClient;
beforeAll(async () => {
  fixture = new ExecutablesFixture();
  daemon = await fixture.start();
  client = fixture.client();
});
afterAll(() => fixture[Symbol.asyncDispose]());

function start(name: string, script: string) {
  return client.runtime.executableStart({ meta: { name }, argv: ['sh', '-c', script], env: fixture.env });
}

/** The early clients know only these two fields. */
async function linesOf(processId: number, channelType?: observe.LogChannelType): Promise<string[]> {
  const request = { processId: BigInt(processId), ...(channelType === undefined ? {} : { channelType }) };
  const lines: string[] = [];
  for await (const { line } of client.observe.getSubProcessStream(request)) lines.push(line);
  return lines;
}

/** A line of shell that waits until the test lets it go on. */
function gateAt(name: string) {
  const path = join(fixture.root, `gate-${name}`);
  return { gate: `until [ -e ${path} ]; do sleep 0.01; done`, open: () => writeFileSync(path, '') };
}

/** The process may be there before the daemon has heard of it. */
async function followed(pid: number) {
  for (;;) {
    const items = client.observe.getSubProcessStream({ processId: BigInt(pid) })[Symbol.asyncIterator]();
    try {
      return { first: (await items.next()).value, items };
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
}

describe('GetSubProcessStream', () => {
  it('replays what is kept of a running process, follows it, and ends with it', async () => {
    const { gate, open } = gateAt('running');
    const pid = pidOf(await start('running', `echo early; ${gate}; echo late`));
    const items = client.observe.getSubProcessStream({ processId: BigInt(pid) })[Symbol.asyncIterator]();
    expect((await items.next()).value).toMatchObject({ line: 'early', channel: 'stdout', sequence: 1n, dropped: 0n });
    open();
    expect((await items.next()).value).toMatchObject({ line: 'late', sequence: 2n, dropped: 0n });
    expect(await items.next()).toMatchObject({ done: true });
  });

  it('follows a process until that is stopped', async () => {
    const pid = pidOf(await start('followed', 'trap "echo stopped; exit 3" TERM; echo ready; sleep 1000 & wait'));
    const items = client.observe.getSubProcessStream({ processId: BigInt(pid) })[Symbol.asyncIterator]();
    expect((await items.next()).value).toMatchObject({ line: 'ready' });
    const stopped = await client.runtime.executableStop({ meta: { name: 'followed' } });
    expect(stopped.exitCode).toBe('3');
    expect((await items.next()).value).toMatchObject({ line: 'stopped' });
    expect(await items.next()).toMatchObject({ done: true });
  });

  it('gives each channel by itself', async () => {
    const pid = pidOf(await start('channels', 'echo out; echo err >&2; echo out again'));
    expect(await linesOf(pid)).toEqual(['out', 'out again']);
    expect(await linesOf(pid, CHANNEL_STDERR)).toEqual(['err']);
  });

  it('gives the output of one run alone, by the pid of an earlier one too', async () => {
    const first = pidOf(await start('again', 'echo first'));
    expect(await linesOf(first)).toEqual(['first']);
    await eventually(async () => (await client.runtime.executableList()).executables.length === 0);
    const second = pidOf(await start('again', 'echo second'));
    expect(await linesOf(second)).toEqual(['second']);
    expect(await linesOf(first)).toEqual(['first']);
  });

  it('follows an Exec while it runs', async () => {
    const { gate, open } = gateAt('exec');
    const before = new Set(childrenOf(daemon.pid));
    const call = client.runtime.exec({ command: `echo one; ${gate}; echo two` });
    let pid = 0;
    await eventually(() => (pid = childrenOf(daemon.pid).find((child) => !before.has(child)) ?? 0) > 0);
    const { first, items } = await followed(pid);
    expect(first).toMatchObject({ line: 'one' });
    open();
    expect((await items.next()).value).toMatchObject({ line: 'two' });
    expect(await items.next()).toMatchObject({ done: true });
    expect((await call).stdout).toBe('one\ntwo\n');
  });

  it.each([1, 0, -1, 2 ** 40])('is NOT_FOUND for the pid %i, which is none of the daemon', async (pid) => {
    await expect(linesOf(pid)).rejects.toBeInstanceOf(NotFoundError);
  });
});
