import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface OtlpAnswer {
  readonly status: number;
  /** The beginning of it. */
  readonly body: string;
  /** When the server wants to hear of it again; undefined when it does not say. */
  readonly retryAfterMs: number | undefined;
}

const mostBodyBytes = 16_384;

/** Posts JSON to one URL, over connections that it keeps. */
export class OtlpPost {
  private readonly agent: HttpAgent | HttpsAgent;

  constructor(
    private readonly url: URL,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    const options = { keepAlive: true, maxSockets: 4 };
    this.agent = url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** @throws whatever keeps an answer from coming, the signal's reason included */
  send(body: Uint8Array, signal: AbortSignal): Promise<OtlpAnswer> {
    const headers = { ...this.headers, 'content-type': 'application/json', 'content-length': body.byteLength };
    const start = this.url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = start(this.url, { method: 'POST', agent: this.agent, headers, signal }, (response) => {
        answerOf(response).then(resolve, reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

async function answerOf(response: IncomingMessage): Promise<OtlpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < mostBodyBytes) chunks.push(chunk);
    bytes += chunk.byteLength;
    // An answer without end is none that is worth the wait.
    if (bytes > 64 * mostBodyBytes) response.destroy();
  }
  const body = Buffer.concat(chunks).subarray(0, mostBodyBytes).toString();
  const seconds = Number(response.headers['retry-after']);
  const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
  return { status: response.statusCode ?? 0, body, retryAfterMs };
}
