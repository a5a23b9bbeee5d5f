import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import {
  CapabilityNotSupportedError,
  callContext,
  DeadlineExceededError,
  InternalError,
  meta,
  type observe,
  runtime,
  ShuttingDownError,
  UnavailableError,
} from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonFixture, scriptedCalls } from './daemon-fixture.js';
import { daemonLogRequest } from './daemon-log-request.js';

let fixture: DaemonFixture;
beforeEach(() => {
  fixture = new DaemonFixture();
  scriptedCalls().length = 0;
});
afterEach(() => fixture[Symbol.asyncDispose]());

const command = (text: string) => runtime.Executable.fromPartial({ command: text });

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function logLines(stream: AsyncIterable<observe.LogItem>, last: (item: observe.LogItem) => boolean) {
  const items: observe.LogItem[] = [];
  for await (const item of stream) {
    items.push(item);
    if (last(item)) break;
  }
  return items;
}

describe('a daemon', () => {
  it('serves exec through its backend, with the identity of the caller', async () => {
    const { runtime } = fixture.client(await fixture.start());
    const { stdout } = await runtime.exec(callContext({ callId: 'c-1' }), command('hello'));
    expect(stdout).toBe('ran hello');
    expect(scriptedCalls()).toEqual([
      { command: 'hello', identity: 'spiffe://unsafe.aurae.io/client/admin', callId: 'c-1', reason: undefined },
    ]);
  });

  it('tells its version, its caller and the health of every backend', async () => {
    const { observe } = fixture.client(await fixture.start());
    const status = await observe.status(callContext(), { meta: undefined });
    expect(status.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(status.identity).toBe('spiffe://unsafe.aurae.io/client/admin');
    expect(status.proc?.pid).toBe(process.pid);
    const backends = status.backends.map(({ kind, description }) => [
      kind,
      description?.name,
      description?.health?.state,
    ]);
    expect(backends).toEqual([
      ['executable', 'scripted', meta.HealthState.HEALTH_STATE_SERVING],
      ['container', 'oci', meta.HealthState.HEALTH_STATE_UNAVAILABLE],
      ['instance', 'qemu', meta.HealthState.HEALTH_STATE_UNAVAILABLE],
    ]);
  });

  it('answers UNIMPLEMENTED for what it does not do yet', async () => {
    const client = fixture.client(await fixture.start());
    const calls = [
      client.runtime.executableStart(callContext(), command('x')),
      client.scheduleContainer.enable(callContext(), runtime.Container.fromPartial({ name: 'x', image: 'y' })),
      client.scheduleExecutable.enable(callContext(), command('x')),
    ];
    for (const call of calls) await expect(call).rejects.toThrow(CapabilityNotSupportedError);
  });

  it('hides the text of a fault from the client and has it in the log under the call id', async () => {
    const client = fixture.client(await fixture.start());
    const failure = await client.runtime.exec(callContext({ callId: 'c-2' }), command('fault')).catch((error) => error);
    expect(failure).toBeInstanceOf(InternalError);
    expect(failure.message).not.toContain('not a function');
    const stream = client.observe.getAuraeDaemonLogStream(
      callContext(),
      daemonLogRequest({ backlogOnly: false, tail: 0 }),
    );
    const [fault] = (await logLines(stream, (item) => item.level === 'error')).slice(-1);
    expect(fault?.fieldsJson).toContain('x is not a function');
    expect(fault?.fieldsJson).toContain('c-2');
  });

  it('ends a call at its deadline and tells the backend why', async () => {
    const { runtime } = fixture.client(await fixture.start());
    await expect(runtime.exec(callContext({ timeoutMs: 100 }), command('hang'))).rejects.toThrow(DeadlineExceededError);
    await until(() => scriptedCalls()[0]?.reason !== undefined);
    expect(scriptedCalls()[0]?.reason).toBeInstanceOf(DeadlineExceededError);
  });

  it('streams its log: the backlog, then live, to every follower', async () => {
    const daemon = await fixture.start();
    const { observe } = fixture.client(daemon);
    const request = daemonLogRequest({ backlogOnly: false, tail: 0 });
    const followers = [1, 2, 3].map(() =>
      logLines(observe.getAuraeDaemonLogStream(callContext(), request), (item) => item.line === 'last words'),
    );
    await until(() => true);
    daemon.log.info('last words', { answer: 42 });
    const [first, ...others] = await Promise.all(followers);
    expect(first?.map((item) => item.sequence)).toEqual(first?.map((_, index) => BigInt(index + 1)));
    expect(first?.at(-1)).toMatchObject({ channel: 'daemon', level: 'info', fieldsJson: '{"answer":42}', dropped: 0n });
    for (const other of others) expect(other).toEqual(first);
  });

  it('counts what a slow follower loses, loses it to nobody else, and serves on meanwhile', async () => {
    const daemon = await fixture.start('log.backlog_lines = 100');
    const { observe, runtime } = fixture.client(daemon);
    const request = daemonLogRequest({ backlogOnly: false, tail: 0 });
    const slow = observe.getAuraeDaemonLogStream(callContext(), request)[Symbol.asyncIterator]();
    let seen = Number((await slow.next()).value?.sequence);
    // Far more than windows and buffers between the two take, while nobody reads.
    for (let burst = 0; burst < 200; burst++) {
      for (let line = 0; line < 100; line++) daemon.log.info('x'.repeat(1000));
      expect((await runtime.exec(callContext(), command('meanwhile'))).stdout).toBe('ran meanwhile');
    }
    daemon.log.info('last words');
    let dropped = 0;
    for (let item = await slow.next(); item.value.line !== 'last words'; item = await slow.next()) {
      dropped += Number(item.value.dropped);
      expect(Number(item.value.sequence)).toBe(seen + 1 + Number(item.value.dropped));
      seen = Number(item.value.sequence);
    }
    expect(dropped).toBeGreaterThan(10_000);
    await slow.return?.();
  });

  it('ends the backlog when only that is asked for', async () => {
    const { observe } = fixture.client(await fixture.start());
    const lines: string[] = [];
    for await (const { line } of observe.getAuraeDaemonLogStream(
      callContext(),
      daemonLogRequest({ backlogOnly: true, tail: 1 }),
    )) {
      lines.push(line);
    }
    expect(lines).toEqual(['Serving']);
  });
});

describe('starting a daemon', () => {
  it('makes private files only', async () => {
    const daemon = await fixture.start();
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(daemon.socket)).toBe(0o600);
    for (const path of ['run/aurae', 'var/lib/aurae', 'etc/aurae/pki'])
      expect(mode(`${fixture.root}/${path}`)).toBe(0o700);
    expect(mode(`${fixture.pkiDir}/ca.key`)).toBe(0o600);
  });

  it('refuses a second daemon on the same directories, and leaves the first alone', async () => {
    const first = await fixture.start();
    await expect(fixture.start()).rejects.toThrow('Another auraed already uses the directory');
    const answer = await fixture.client(first).runtime.exec(callContext(), command('still here'));
    expect(answer.stdout).toBe('ran still here');
  });

  it('refuses a second daemon on the same socket', async () => {
    const first = await fixture.start();
    const flags = { socket: first.socket, stateDir: `${fixture.root}/s2`, runDir: `${fixture.root}/r2` };
    await expect(fixture.start('', flags)).rejects.toThrow('Another auraed already uses the socket');
    expect(existsSync(first.socket)).toBe(true);
  });

  it('lets exactly one of several that start at once win', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => fixture.start()));
    const winners = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(winners).toHaveLength(1);
    const answer = await fixture.client(winners[0] as never).runtime.exec(callContext(), command('won'));
    expect(answer.stdout).toBe('ran won');
  });

  it('leaves nothing behind when it fails half-way', async () => {
    const blocked = `${fixture.root}/blocked.sock`;
    writeFileSync(blocked, 'precious');
    await expect(fixture.start('', { socket: blocked })).rejects.toThrow('is in the way and is not a socket');
    expect(scriptedCalls().map((call) => call.command)).toEqual(['disposed']);
    // The locks are free again.
    await fixture.start();
  });

  it('refuses a run directory that others may write to', async () => {
    const { mkdirSync, chmodSync } = await import('node:fs');
    const runDir = `${fixture.root}/shared`;
    mkdirSync(runDir);
    chmodSync(runDir, 0o777);
    await expect(fixture.start('', { runDir })).rejects.toThrow(`chmod go-w ${runDir}`);
  });

  it('serves on TCP too when asked', async () => {
    const daemon = await fixture.start('', { listen: '127.0.0.1:0' });
    expect(daemon.tcpAddress).toMatch(/^127\.0\.0\.1:[1-9]/);
    const socket = connect(Number(daemon.tcpAddress?.split(':')[1]), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  });

  it.each([
    [
      'a module that is missing',
      'use = "@acme/missing"',
      'backends.container.use = "@acme/missing" is not usable: it must be a built-in ("oci") or an npm module',
    ],
    [
      'a module of another kind',
      `use = "${new URL('scripted-backend.mjs', import.meta.url).pathname}"`,
      'offers a backend of kind "executable", and "container" is asked for',
    ],
    ['a module that offers nothing', 'use = "node:path"', 'is not usable'],
    [
      'an option that its backend does not know',
      '[backends.container.options]\nspeed = 1',
      'backends.container.options',
    ],
  ])('names file, key and value for %s', async (_, text, expected) => {
    const start = fixture.start(`[backends.container]\n${text}\n`);
    await expect(start).rejects.toMatchObject({ name: 'ConfigError' });
    await expect(start).rejects.toThrow(expected);
  });
});

describe('stopping a daemon', () => {
  it('lets calls in flight finish, refuses new ones, and removes the socket', async () => {
    const daemon = await fixture.start();
    const client = fixture.client(daemon);
    const inFlight = client.runtime.exec(callContext({ timeoutMs: 300 }), command('hang')).catch((error) => error);
    await until(() => scriptedCalls().length === 1);
    const stopped = daemon.stop();
    await expect(client.runtime.exec(callContext(), command('late'))).rejects.toThrow(UnavailableError);
    expect(await inFlight).toBeInstanceOf(DeadlineExceededError);
    await stopped;
    expect(existsSync(daemon.socket)).toBe(false);
    expect(scriptedCalls().map((call) => call.command)).toEqual(['hang', 'disposed']);
  });

  it('cancels what is still in flight after the drain timeout', async () => {
    const daemon = await fixture.start('shutdown.drain_timeout = "50ms"');
    const call = fixture
      .client(daemon)
      .runtime.exec(callContext(), command('hang'))
      .catch((error) => error);
    await until(() => scriptedCalls().length === 1);
    await daemon.stop();
    expect(scriptedCalls()[0]?.reason).toBeInstanceOf(ShuttingDownError);
    expect(await call).toBeInstanceOf(UnavailableError);
  });

  it('does not wait for calls when it is told to hurry', async () => {
    const daemon = await fixture.start('shutdown.drain_timeout = "1h"');
    const call = fixture
      .client(daemon)
      .runtime.exec(callContext(), command('hang'))
      .catch((error) => error);
    await until(() => scriptedCalls().length === 1);
    const hurry = new AbortController();
    const stopped = daemon.stop(hurry.signal);
    hurry.abort();
    await stopped;
    expect(await call).toBeInstanceOf(UnavailableError);
  });

  it('ends the streams at once', async () => {
    const daemon = await fixture.start('shutdown.drain_timeout = "1h"');
    const stream = fixture
      .client(daemon)
      .observe.getAuraeDaemonLogStream(callContext(), daemonLogRequest({ backlogOnly: false, tail: 0 }));
    const reading = logLines(stream, () => false).catch((error) => error);
    await until(() => true);
    await daemon.stop();
    expect(await reading).toBeInstanceOf(UnavailableError);
  });

  it('can be told twice', async () => {
    const daemon = await fixture.start();
    await Promise.all([daemon.stop(), daemon.stop()]);
    expect(scriptedCalls().map((call) => call.command)).toEqual(['disposed']);
  });
});
