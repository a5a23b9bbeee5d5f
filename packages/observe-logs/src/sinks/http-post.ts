import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { once } from 'node:events';
import { abortReason, UnavailableError } from '@aurae/proto';
import { messageOf } from './sink-report.js';

/** How long a server may be silent in the middle of a call; the caller's signal may end it earlier. */
const silenceMs = 60_000;
/** What is kept of an answer; the rest is read and thrown away, up to the second bound. */
const keptAnswerBytes = 64 * 1024;
const longestAnswerBytes = 4 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  /** The `Retry-After` header. */
  readonly retryAfter: string | undefined;
  /** The beginning of the body, at most 64 KiB. */
  readonly body: string;
}

/** Posts to one URL, over connections that are kept until it is disposed. */
export class HttpPoster implements Disposable {
  private readonly agent: HttpAgent;
  /** Origin and path, for people: a query may hold a secret. */
  readonly address: string;

  constructor(private readonly url: URL) {
    const Agent = url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive: true, maxFreeSockets: 1 });
    this.address = `${url.origin}${url.pathname}`;
  }

  /**
   * @returns the answer, whatever its status; redirections are not followed
   * @throws UnavailableError when there is no answer
   * @throws the signal's reason when it aborts; the connection is closed then
   */
  async post(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    if (signal.aborted) throw abortReason(signal);
    try {
      return await this.attempt(body, headers, signal);
    } catch (cause) {
      if (signal.aborted) throw abortReason(signal);
      throw new UnavailableError(`Cannot post to ${this.address}: ${messageOf(cause)}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }

  /** Again where the server closed a kept connection in the moment in which it was used: there is one, if any. */
  private async attempt(
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const request = this.begin(body, headers, signal);
    let response: IncomingMessage;
    try {
      [response] = (await once(request, 'response')) as [IncomingMessage];
    } catch (error) {
      if (!request.reusedSocket || !wasClosed(error) || signal.aborted) throw error;
      return await this.attempt(body, headers, signal);
    }
    const { statusCode = 0, headers: answerHeaders } = response;
    return { status: statusCode, retryAfter: answerHeaders['retry-after'], body: await beginningOf(response) };
  }

  private begin(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): ClientRequest {
    const request = (this.url.protocol === 'https:' ? requestHttps : requestHttp)(this.url, {
      method: 'POST',
      agent: this.agent,
      signal,
      headers: { ...headers, 'content-length': body.length },
    });
    request.setTimeout(silenceMs, () => request.destroy(new Error(`no answer within ${silenceMs / 1000} s`)));
    // What happens after the answer has begun is told by the answer's own stream.
    request.on('error', () => {});
    request.end(body);
    return request;
  }
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < keptAnswerBytes) chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > longestAnswerBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, keptAnswerBytes);
}

function wasClosed(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
