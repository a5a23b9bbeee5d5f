import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lokiLogSinkRegistration, otlpLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, InvalidSpecError, meta, ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, HttpReceiver } from './fixtures/http-receiver.js';
import { MadeSinks, type MadeSink, optionFaults } from './fixtures/made-sinks.js';
import { numbered } from './fixtures/workload-records.js';

const sinks = new MadeSinks();
let server: HttpReceiver;
beforeEach(async () => {
  server = await HttpReceiver.listen();
});
afterEach(() => server[Symbol.asyncDispose]());

const records = numbered(1, 4);
const healthOf = async (sink: MadeSink) => (await sink.describe(callContext(), {})).health;

describe.each([
  { name: 'otlp', registration: otlpLogSinkRegistration, path: '/v1/logs' },
  { name: 'loki', registration: lokiLogSinkRegistration, path: '/loki/api/v1/push' },
])('$name', ({ name, registration, path }) => {
  const make = (options: Readonly<Record<string, unknown>> = {}) =>
    sinks.make<unknown>(registration as never, { endpoint: server.url, ...options });
  const write = (sink: MadeSink, signal?: AbortSignal) =>
    sink.write(callContext(signal ? { signal } : {}), { records });

  it('posts JSON in gzip to its path, over one connection', async () => {
    const sink = await make({ headers: { 'X-Team': 'blue' } });
    await write(sink);
    await write(sink);
    await sink.flush(callContext(), {});
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toBe(1);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-team': 'blue' },
    });
    expect(() => JSON.parse(server.requests[0]?.body ?? '') as unknown).not.toThrow();
    expect(await sink.describe(callContext(), {})).toMatchObject({
      name,
      health: { state: meta.HealthState.HEALTH_STATE_SERVING },
      details: { writtenRecords: '8', endpoint: `${server.url}${path}` },
    });
  });

  it('posts plain JSON with compression = "none", and takes an endpoint that has the path', async () => {
    const sink = await make({ compression: 'none', endpoint: `${server.url}/prefix${path}?key=secret` });
    await write(sink);
    expect(server.requests[0]?.url).toBe(`/prefix${path}?key=secret`);
    expect(server.requests[0]?.headers['content-encoding']).toBeUndefined();
    expect(JSON.stringify(await sink.describe(callContext(), {}))).not.toContain('secret');
  });

  it.each([
    [500, UnavailableError],
    [502, UnavailableError],
    [401, UnavailableError],
    [404, UnavailableError],
    [301, UnavailableError],
    [503, ResourceExhaustedError],
    [429, ResourceExhaustedError],
    [408, ResourceExhaustedError],
    [400, InvalidSpecError],
    [422, InvalidSpecError],
  ])('HTTP %i is told by its meaning, and the next batch may pass', async (status, kind) => {
    const sink = await make();
    server.answers.push(answer(status, `no\u001b[2J ${'x'.repeat(100_000)}`));
    const failure = await write(sink).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    const { message } = failure as Error;
    const isFinal = kind === InvalidSpecError;
    expect(message).toContain(`${isFinal ? 'refused 4 records with' : 'answered'} HTTP ${status}: no\\x1b[2J xxx`);
    expect(message.endsWith('; it is tried again')).toBe(!isFinal);
    expect(message.length).toBeLessThan(500);
    expect((await healthOf(sink))?.reason).toBe(message);
    await write(sink);
    expect(await healthOf(sink)).toMatchObject({ state: meta.HealthState.HEALTH_STATE_SERVING });
  });

  it.each([
    [301, 'it has moved: correct the endpoint'],
    [401, 'give the credentials that it asks for'],
    [404, 'correct the endpoint'],
  ])('HTTP %i comes with what to do meanwhile', async (status, next) => {
    server.answers.push(answer(status, ''));
    await expect(write(await make())).rejects.toThrow(
      `${server.url}${path} answered HTTP ${status}; ${next}; it is tried again`,
    );
  });

  it.each([
    ['17', 17_000],
    ['999999999', 3_600_000],
    [new Date(Date.now() - 5000).toUTCString(), 0],
    ['soon', undefined],
  ])('Retry-After: %s is passed on', async (header, retryAfterMs) => {
    server.answers.push(answer(429, '', { 'retry-after': header }));
    await expect(write(await make())).rejects.toMatchObject({ reason: 'RESOURCE_EXHAUSTED', retryAfterMs });
  });

  it('sends a batch that is too large in halves, in order', async () => {
    const limit = 1000;
    server.otherwise = (response, { body }) => answer(body.length > limit ? 413 : 204)(response, {} as never);
    const sink = await make();
    await sink.write(callContext(), { records: numbered(1, 40) });
    const taken = server.requests.filter(({ body }) => body.length <= limit).map(({ body }) => body);
    expect(taken.length).toBeGreaterThan(1);
    const lines = taken.flatMap((body) => [...body.matchAll(/"stringValue":"(\d+)"|\["\d+","(\d+)"/g)]);
    expect(lines.map(([, otlp, loki]) => Number(otlp ?? loki))).toEqual(
      numbered(1, 40).map(({ item }) => Number(item?.line)),
    );
  });

  it('leaves out one record that is too large, counts it, and refuses a batch of nothing else', async () => {
    server.otherwise = (response, { body }) => answer(body.includes('large') ? 413 : 204)(response, {} as never);
    const sink = await make();
    const large = numbered(9, 1, ' large');
    await sink.write(callContext(), { records: [...records, ...large] });
    expect(await sink.describe(callContext(), {})).toMatchObject({
      health: { state: meta.HealthState.HEALTH_STATE_DEGRADED, reason: expect.stringContaining('HTTP 413') },
      details: { writtenRecords: '4', rejectedRecords: '1' },
    });
    await expect(sink.write(callContext(), { records: large })).rejects.toThrow(InvalidSpecError);
    await expect(sink.write(callContext(), { records: [...large, ...large] })).rejects.toThrow(InvalidSpecError);
  });

  it('a server that is down is unavailable, and works again when it is up', async () => {
    const sink = await make();
    const { port } = server;
    await server[Symbol.asyncDispose]();
    await expect(write(sink)).rejects.toThrow(UnavailableError);
    await expect(write(sink)).rejects.toThrow(/ECONNREFUSED/);
    expect(await healthOf(sink)).toMatchObject({ state: meta.HealthState.HEALTH_STATE_UNAVAILABLE });
    server = await HttpReceiver.listen(port);
    await write(sink);
    expect(server.requests).toHaveLength(1);
  });

  it('a kept connection that the server closed costs nothing but a further one', async () => {
    const sink = await make();
    await write(sink);
    // Closed in the moment in which the next request comes.
    server.answers.push(() => server.closeConnections());
    await write(sink);
    expect(server.requests).toHaveLength(3);
    server.answers.push(
      () => server.closeConnections(),
      () => server.closeConnections(),
    );
    await expect(write(sink)).rejects.toThrow(UnavailableError);
  });

  it('a server that dies in the middle of its answer is unavailable', async () => {
    server.answers.push((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{', () => response.destroy());
    });
    await expect(write(await make())).rejects.toThrow(UnavailableError);
  });

  it('a server that hangs is given up with the signal, and its connection closed', async () => {
    const sink = await make();
    for (const hang of [
      () => {},
      (response: { writeHead(status: number): { write(text: string): void } }) => response.writeHead(200).write('{'),
    ]) {
      const caller = new AbortController();
      const before = server.requests.length;
      server.answers.push(hang as never);
      const failed = expect(write(sink, caller.signal)).rejects.toThrow('cancelled');
      await expect.poll(() => server.requests.length).toBe(before + 1);
      caller.abort();
      await failed;
      await expect.poll(() => server.openConnections).toBe(0);
    }
    await expect(write(sink, AbortSignal.abort())).rejects.toThrow('cancelled');
  });

  it('an answer without end is not kept, and its connection closed', async () => {
    server.answers.push((response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await write(await make());
    await expect.poll(() => server.openConnections).toBe(0);
  });

  it('reads its secret from the file each time, and never tells it', async () => {
    const file = join(sinks.directory, 'secret');
    const sink = await make({ token_file: file });
    await expect(write(sink)).rejects.toThrow(`Cannot read the secret in "${file}"`);
    await writeFile(file, 'first-secret\n');
    await write(sink);
    await writeFile(file, 'second-secret');
    server.answers.push(answer(403, 'who?'));
    const failure = await write(sink).catch((error: Error) => error.message);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-secret',
      'Bearer second-secret',
    ]);
    expect(`${String(failure)}${JSON.stringify(await sink.describe(callContext(), {}))}`).not.toContain('-secret');
    await writeFile(file, 'two-secret\nlines');
    const refused = await write(sink).catch((error: Error) => error.message);
    expect(refused).toContain('must be one line');
    expect(refused).not.toContain('two-secret');
  });

  it('gives user and password', async () => {
    const file = join(sinks.directory, 'password');
    await writeFile(file, 'pass word\n');
    await write(await make({ username: 'me', password_file: file }));
    const expected = `Basic ${Buffer.from('me:pass word').toString('base64')}`;
    expect(server.requests[0]?.headers.authorization).toBe(expected);
  });

  it('takes nothing once it is disposed', async () => {
    const sink = await make();
    await write(sink);
    await sink[Symbol.asyncDispose]?.();
    await expect.poll(() => server.openConnections).toBe(0);
    await expect(write(sink)).rejects.toThrow('is closed');
  });

  it('writes no request for no records', async () => {
    await (await make()).write(callContext(), { records: [] });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [{}, 'endpoint'],
    [{ endpoint: 'logs.example' }, 'endpoint: an http or https URL'],
    [{ endpoint: 'ftp://logs.example' }, 'endpoint: an http or https URL'],
    [{ endpoint: 'http://me:pw@logs.example' }, 'endpoint: a URL without a password'],
    [{ endpoint: 'http://x', headers: { 'a b': 'c' } }, 'headers'],
    [{ endpoint: 'http://x', headers: { a: 'b\nc' } }, 'headers.a: the value of an HTTP header'],
    [{ endpoint: 'http://x', compression: 'zip' }, 'compression'],
    [{ endpoint: 'http://x', username: 'me' }, 'password_file: given'],
    [{ endpoint: 'http://x', password_file: '/p' }, 'username: given'],
    [{ endpoint: 'http://x', username: 'me', password_file: '/p', token_file: '/t' }, 'token_file: absent'],
    [{ endpoint: 'http://x', colour: 1 }, 'colour'],
  ])('refuses %o', async (given, expected) => {
    expect((await optionFaults(registration as never, given)).join('\n')).toContain(expected);
  });
});
