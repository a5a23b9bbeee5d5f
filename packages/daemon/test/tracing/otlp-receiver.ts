import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a tree. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly startMs: number;
  readonly endMs: number;
  /** 2: it has failed. */
  readonly status: { readonly code: number; readonly message?: string };
  readonly resource: Readonly<Record<string, unknown>>;
}

/** What the receiver does with a request: an answer, none at all, or one of success once a promise is kept. */
export type Behaviour =
  | { readonly status: number; readonly body?: string; readonly headers?: object }
  | 'hang'
  | Promise<void>;

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

type OtlpSpan = Omit<ReceivedSpan, 'attributes' | 'startMs' | 'endMs' | 'resource'> & {
  readonly attributes: OtlpAttribute[];
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
};

interface OtlpRequest {
  readonly resourceSpans: {
    readonly resource: { readonly attributes: OtlpAttribute[] };
    readonly scopeSpans: { readonly spans: OtlpSpan[] }[];
  }[];
}

/** A collector of spans, as far as OTLP over HTTP needs one. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** What becomes of the next requests, the first one first. After that they are taken. */
  behaviours: Behaviour[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly waiting = new Set<() => void>();

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('connection', (socket) => {
      receiver.sockets.add(socket);
      socket.on('close', () => receiver.sockets.delete(socket));
    });
    server.on('request', (request, response) => void receiver.receive(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves once its clients hold no connection any more. */
  async abandoned(): Promise<void> {
    await Promise.all([...this.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  /** Resolves once it holds, which is looked at with each request. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  async span(name: string): Promise<ReceivedSpan> {
    const find = () => this.spans.find((span) => span.name === name);
    await this.until(() => find() !== undefined);
    return find() as ReceivedSpan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    this.requests.push({ path: request.url ?? '', headers: request.headers });
    const behaviour = this.behaviours.shift() ?? { status: 200, body: '{}' };
    this.wake();
    if (behaviour === 'hang') return;
    if (behaviour instanceof Promise) await behaviour;
    const { status, body = '', headers = {} } = behaviour instanceof Promise ? { status: 200 } : behaviour;
    if (status === 200) this.take(JSON.parse(Buffer.concat(chunks).toString()) as OtlpRequest);
    response.writeHead(status, { ...headers }).end(body);
    this.wake();
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  private take({ resourceSpans }: OtlpRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const facts = factsOf(resource.attributes);
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, facts))));
    }
  }
}

function received(span: OtlpSpan, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    ...span,
    parentSpanId: span.parentSpanId ?? '',
    attributes: factsOf(span.attributes),
    startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
    endMs: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
    resource,
  };
}

function factsOf(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
