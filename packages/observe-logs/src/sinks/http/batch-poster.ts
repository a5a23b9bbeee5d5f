import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type backend, InvalidSpecError } from '@aurae/proto';
import { type HttpAnswer, HttpPoster } from '../http-post.js';
import type { Rejection } from '../sink-report.js';
import { authorization, type HttpCredentials } from './http-credentials.js';
import { httpRefusal, isSuccess } from './http-refusal.js';

const compress = promisify(gzip);
const tooLarge = 413;

export interface BatchPosterOptions extends HttpCredentials {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** The body, JSON. */
  readonly encode: (records: readonly backend.LogRecord[]) => string;
  /** What an answer of success says of records that were left out. */
  readonly rejectionOf?: (answer: HttpAnswer) => Rejection | undefined;
}

/** Posts batches of records as JSON; one that is too large for the server goes in halves. */
export class BatchPoster implements Disposable {
  private readonly poster: HttpPoster;

  constructor(private readonly options: BatchPosterOptions) {
    this.poster = new HttpPoster(options.url);
  }

  /** The URL without its query. */
  get address(): string {
    return this.poster.address;
  }

  /**
   * Resolves when the server has accepted the records, with those that it rejects all the same.
   *
   * @throws UnavailableError, ResourceExhaustedError: to be tried again
   * @throws InvalidSpecError when it rejects all of them, and would again
   */
  async post(records: readonly backend.LogRecord[], signal: AbortSignal): Promise<Rejection | undefined> {
    const rejection = await this.postPart(records, signal);
    if (rejection && rejection.records >= records.length) throw new InvalidSpecError(rejection.reason);
    return rejection;
  }

  [Symbol.dispose](): void {
    this.poster[Symbol.dispose]();
  }

  private async send(records: readonly backend.LogRecord[], signal: AbortSignal): Promise<HttpAnswer> {
    const { headers, compression, encode } = this.options;
    const text = encode(records);
    const isCompressed = compression === 'gzip';
    const body = isCompressed ? await compress(text, { level: constants.Z_BEST_SPEED }) : Buffer.from(text);
    const all = {
      'user-agent': 'auraed',
      ...lowerCase(headers),
      ...(await authorization(this.options, signal)),
      'content-type': 'application/json',
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    };
    return await this.poster.post(body, all, signal);
  }

  private async postPart(records: readonly backend.LogRecord[], signal: AbortSignal): Promise<Rejection | undefined> {
    const answer = await this.send(records, signal);
    if (isSuccess(answer)) return this.options.rejectionOf?.(answer);
    if (answer.status === tooLarge && records.length > 1) return await this.postHalves(records, signal);
    const refusal = httpRefusal(this.address, records.length, answer);
    if (!(refusal instanceof InvalidSpecError)) throw refusal;
    return { records: records.length, reason: refusal.message, remedy: 'See what the server says to these records' };
  }

  /** One after the other, to keep the order. What is refused of them does not take the others with it. */
  private async postHalves(records: readonly backend.LogRecord[], signal: AbortSignal): Promise<Rejection | undefined> {
    const middle = Math.ceil(records.length / 2);
    const first = await this.postPart(records.slice(0, middle), signal);
    const second = await this.postPart(records.slice(middle), signal);
    if (!first || !second) return first ?? second;
    return { ...second, records: first.records + second.records };
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
