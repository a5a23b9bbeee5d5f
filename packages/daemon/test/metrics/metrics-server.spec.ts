import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { StartupError } from '../../src/lifecycle/startup-error.js';
import type { ExpositionFormat } from '../../src/metrics/exposition.js';
import { isLoopback, parseListenAddress } from '../../src/metrics/listen-address.js';
import { SharedScrapes } from '../../src/metrics/shared-scrapes.js';
import { MetricsServer, type MetricsServerOptions } from '../../src/metrics/metrics-server.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Metrics that answer when the test lets them. */
class HeldMetrics {
  readonly asked: ExpositionFormat[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly isHeld = false) {}

  scrape = async (context: { readonly signal: AbortSignal }, format: ExpositionFormat): Promise<string> => {
    this.asked.push(format);
    const text = `scrape ${this.asked.length}\n`;
    if (!this.isHeld) return text;
    return new Promise((resolve, reject) => {
      this.waiting.push(() => resolve(text));
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error));
    });
  };

  release(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}

class Served {
  readonly said: string[] = [];
  private constructor(readonly metrics: HeldMetrics) {}
  server!: MetricsServer;

  static async open(metrics = new HeldMetrics(), listen = '127.0.0.1:0', options: MetricsServerOptions = {}) {
    const served = new Served(metrics);
    const say = (message: string) => void served.said.push(message);
    served.server = await MetricsServer.listen(listen, metrics, { info: say, warn: say, error: say }, options);
    onTestFinished(() => served.server[Symbol.asyncDispose]());
    return served;
  }

  get port(): number {
    return parseListenAddress(this.server.address).port;
  }

  ask(path = '/metrics', method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asking = request(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
          response.on('error', reject);
        },
      );
      asking.on('error', reject);
      asking.end();
    });
  }
}

test('a scrape gets the format that it asks for', async () => {
  const served = await Served.open();
  const plain = await served.ask();
  expect(plain).toMatchObject({ status: 200, text: 'scrape 1\n' });
  expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const open = await served.ask('/metrics?x=1', 'GET', { accept: 'application/openmetrics-text;version=1.0.0' });
  expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(served.metrics.asked).toEqual(['prometheus', 'openmetrics']);
});

test('HEAD gets no text, and costs no scrape', async () => {
  const served = await Served.open();
  expect(await served.ask('/metrics', 'HEAD')).toMatchObject({ status: 200, text: '' });
  expect(served.metrics.asked).toEqual([]);
});

test('there is nothing else', async () => {
  const served = await Served.open();
  for (const path of ['/', '/metrics/', '/metrics/x', '/debug', '//metrics']) {
    expect((await served.ask(path)).status, path).toBe(404);
  }
  const refused = await served.ask('/metrics', 'POST');
  expect(refused.status).toBe(405);
  expect(refused.headers['allow']).toBe('GET, HEAD');
});

test('those who ask at once share one scrape, and another format waits for it', async () => {
  const metrics = new HeldMetrics(true);
  const scrapes = new SharedScrapes(metrics.scrape, 60_000);
  const together = [scrapes.get('prometheus'), scrapes.get('prometheus'), scrapes.get('prometheus')];
  const other = scrapes.get('openmetrics');
  await expect.poll(() => metrics.asked).toEqual(['prometheus']);
  metrics.release();
  expect(await Promise.all(together)).toEqual(['scrape 1\n', 'scrape 1\n', 'scrape 1\n']);
  await expect.poll(() => metrics.asked).toEqual(['prometheus', 'openmetrics']);
  const late = scrapes.get('prometheus');
  metrics.release();
  expect(await other).toBe('scrape 2\n');
  // Who asks once it is over gets what holds then.
  await expect.poll(() => metrics.asked).toHaveLength(3);
  metrics.release();
  expect(await late).toBe('scrape 3\n');
});

test('a scrape that takes too long is given up, and the next one is tried anew', async () => {
  const metrics = new HeldMetrics(true);
  const served = await Served.open(metrics, '127.0.0.1:0', { scrapeTimeoutMs: 50 });
  expect((await served.ask()).status).toBe(503);
  expect(served.said.at(-1)).toMatch(/scrape of the metrics failed/);
  const again = served.ask();
  await expect.poll(() => metrics.asked).toHaveLength(2);
  metrics.release();
  expect((await again).status).toBe(200);
});

test('an address in use is an error with the next step', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  onTestFinished(() => void blocker.close());
  const listen = `127.0.0.1:${(blocker.address() as AddressInfo).port}`;
  const opening = Served.open(new HeldMetrics(), listen);
  await expect(opening).rejects.toThrow(StartupError);
  await expect(opening).rejects.toThrow(
    /Cannot listen on "127.0.0.1:\d+" for the metrics: .*EADDRINUSE.*metrics.listen/,
  );
});

test('an address that others reach is warned of, and loopback is not', async () => {
  const served = await Served.open();
  expect(served.said).toEqual(['Serving metrics']);
  const exposed = await Served.open(new HeldMetrics(), '0.0.0.0:0');
  expect(exposed.said.at(-1)).toMatch(/without TLS and without authentication/);
});

test('a request without end, one that is too large, and a silent connection are closed', {
  timeout: 20_000,
}, async () => {
  const served = await Served.open();
  const write = (text: string) => {
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(text);
    socket.resume();
    return once(socket, 'close');
  };
  await Promise.all([
    write('GET /metrics HTTP/1.1\r\nhost: x\r\n'),
    write(`GET /metrics HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n`),
    write(''),
  ]);
  expect((await served.ask()).status).toBe(200);
});

test('the end closes connections that are kept alive and scrapes that go on; twice is harmless', async () => {
  const served = await Served.open(new HeldMetrics(true));
  const cut = served.ask().catch((error: NodeJS.ErrnoException) => error.code);
  await expect.poll(() => served.metrics.asked).toHaveLength(1);
  const kept = connect(served.port, '127.0.0.1');
  kept.resume();
  await once(kept, 'connect');
  const closed = once(kept, 'close');
  const before = await sockets();
  expect(before).toBeGreaterThan(0);
  await served.server[Symbol.asyncDispose]();
  await served.server[Symbol.asyncDispose]();
  expect(await cut).toBe('ECONNRESET');
  await closed;
  expect(await sockets()).toBeLessThan(before);
});

async function sockets(): Promise<number> {
  const names = await readdir('/proc/self/fd');
  const open = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return open.filter((path) => path.startsWith('socket:')).length;
}

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test('an IPv6 address is in brackets', () => {
  expect(parseListenAddress('[::1]:9464')).toEqual({ host: '::1', port: 9464 });
});
