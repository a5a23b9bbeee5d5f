import { setMaxListeners } from 'node:events';
import { type CallContext, callContext, type CallOptions as ContextOptions, type runtime } from '@aurae/proto';

/** What a caller may say about one call. */
export type CallOptions = Pick<ContextOptions, 'signal' | 'timeoutMs' | 'callId' | 'traceparent' | 'tracestate'>;

/** A request of which every field may be left out, at any depth. */
export type PartialRequest<Request> =
  Request extends AsyncIterable<infer Item> ? AsyncIterable<runtime.DeepPartial<Item>> : runtime.DeepPartial<Request>;

/** A generated service interface as a script likes to call it: the request first and in part, then the options. */
export type ServiceApi<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends (
    context: CallContext,
    request: infer Request,
  ) => infer Response
    ? Request extends AsyncIterable<unknown>
      ? (requests: PartialRequest<Request>, options?: CallOptions) => Response
      : (request?: PartialRequest<Request>, options?: CallOptions) => Response
    : never;
};

type RequestOf<Method> = Method extends (context: CallContext, request: infer Request) => unknown
  ? Request extends AsyncIterable<infer Item>
    ? Item
    : Request
  : never;

/** For each method of a service, the message that it takes. */
export type RequestMessages<Service> = {
  readonly [Name in keyof Service]: { fromPartial(partial: never): RequestOf<Service[Name]> };
};

type Fill = (partial: unknown) => unknown;
type Method = (context: CallContext, request: unknown) => unknown;

/** Dresses a generated client as a `ServiceApi`. */
export function serviceApi<Service extends object>(
  client: Service,
  messages: RequestMessages<Service>,
): ServiceApi<Service> {
  const methods: Record<string, unknown> = {};
  for (const [name, message] of Object.entries(messages) as [string, { fromPartial: Fill }][]) {
    const call = (client as Record<string, Method>)[name]?.bind(client) as Method;
    const fill: Fill = (partial) => message.fromPartial(partial);
    methods[name] = (request: unknown = {}, options: CallOptions = {}) =>
      call(contextOf(options), isStream(request) ? filled(request, fill) : fill(request));
  }
  return methods as ServiceApi<Service>;
}

function contextOf(options: CallOptions): CallContext {
  // Many calls may wait for one signal: that is no leak to warn of.
  if (options.signal) setMaxListeners(0, options.signal);
  return callContext(options);
}

function isStream(request: unknown): request is AsyncIterable<unknown> {
  return typeof request === 'object' && request !== null && Symbol.asyncIterator in request;
}

async function* filled(requests: AsyncIterable<unknown>, fill: Fill): AsyncIterable<unknown> {
  for await (const request of requests) yield fill(request);
}
