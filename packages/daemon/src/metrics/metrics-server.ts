import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartupError } from '../lifecycle/startup-error.js';
import type { Logger } from '../logging/logger.js';
import { acceptedFormat, contentTypes } from './exposition.js';
import { formatListenAddress, isLoopback, parseListenAddress } from './listen-address.js';
import type { Metrics } from './metrics.js';
import { SharedScrapes } from './shared-scrapes.js';

const path = '/metrics';
const maximumConnections = 64;
const headersTimeoutMs = 5_000;
/** Longer than the usual pause between two scrapes: a connection serves many. */
const keepAliveTimeoutMs = 75_000;
/** A reader that takes nothing for so long is gone. */
const silenceTimeoutMs = 30_000;

export interface MetricsServerOptions {
  /** How long a scrape may take. Default 10 s, as long as Prometheus waits. */
  readonly scrapeTimeoutMs?: number;
}

/**
 * Serves `/metrics` over plain HTTP, without authentication: the names and states of workloads, and numbers. Whoever
 * reaches the address may read them.
 */
export class MetricsServer implements AsyncDisposable {
  private readonly scrapes: SharedScrapes;

  private constructor(
    private readonly server: Server,
    metrics: Pick<Metrics, 'scrape'>,
    private readonly log: Pick<Logger, 'info' | 'warn' | 'error'>,
    { scrapeTimeoutMs = 10_000 }: MetricsServerOptions,
  ) {
    this.scrapes = new SharedScrapes((context, format) => metrics.scrape(context, format, log), scrapeTimeoutMs);
    server.maxConnections = maximumConnections;
    server.keepAliveTimeout = keepAliveTimeoutMs;
    server.setTimeout(silenceTimeoutMs);
    server.on('request', (request, response) => void this.answer(request, response));
  }

  /**
   * @param listen `host:port`; port 0 takes a free one
   * @throws StartupError when the address cannot be had
   */
  static async listen(
    listen: string,
    metrics: Pick<Metrics, 'scrape'>,
    log: Pick<Logger, 'info' | 'warn' | 'error'>,
    options: MetricsServerOptions = {},
  ): Promise<MetricsServer> {
    const server = createServer({
      headersTimeout: headersTimeoutMs,
      requestTimeout: 2 * headersTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8 * 1024,
    });
    const made = new MetricsServer(server, metrics, log, options);
    await bind(server, listen);
    made.tellAddress();
    return made;
  }

  /** `host:port` in use. */
  get address(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return formatListenAddress({ host: address, port });
  }

  /** Connections end at once: a scrape that is cut off comes again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      // One that has been closed says so by an error, which tells nothing new.
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private tellAddress(): void {
    const { address } = this;
    // Without a handler it would end the process; a socket that failed has told its own connection.
    this.server.on('error', (error) => this.log.error('The server of the metrics has failed', { error }));
    this.log.info('Serving metrics', { url: `http://${address}${path}` });
    if (isLoopback((this.server.address() as AddressInfo).address)) return;
    this.log.warn(
      'The metrics are served without TLS and without authentication to whoever reaches their address: listen on ' +
        'loopback, or let only your Prometheus through',
      { address },
    );
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => response.destroy());
    if (request.url?.split('?', 1)[0] !== path) return refuse(response, 404, `There is only ${path} here`);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return refuse(response, 405, 'Only GET and HEAD are served here');
    }
    const format = acceptedFormat(request.headers.accept);
    try {
      const text = request.method === 'HEAD' ? '' : await this.scrapes.get(format);
      response.writeHead(200, { 'content-type': contentTypes[format], 'cache-control': 'no-store', vary: 'accept' });
      response.end(text);
    } catch (error) {
      this.log.warn('A scrape of the metrics failed', { error });
      refuse(response, 503, 'The metrics could not be told in time; the log of the daemon says more');
    }
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

async function bind(server: Server, listen: string): Promise<void> {
  const { host, port } = parseListenAddress(listen);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) =>
      reject(
        new StartupError(
          `Cannot listen on "${listen}" for the metrics: ${error.message}. Choose another address as metrics.listen`,
        ),
      );
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
