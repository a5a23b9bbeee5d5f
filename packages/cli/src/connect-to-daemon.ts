import { type AuraeClient, type CallOptions, connect } from '@aurae/client';
import { connectOptions, type GlobalOptions } from './global-options.js';

type Trace = Pick<CallOptions, 'traceparent' | 'tracestate'>;
type Call = (request: unknown, options?: CallOptions) => unknown;

const serviceNames = [
  'runtime',
  'observe',
  'schedule',
  'scheduleExecutable',
  'scheduleContainer',
  'scheduleInstance',
] as const satisfies readonly (keyof AuraeClient)[];

/**
 * The client of the auraed that the options name. Its calls are part of the trace that the environment tells of, if it
 * does: https://www.w3.org/TR/trace-context/, in variables as OpenTelemetry has them.
 */
export function connectToDaemon(
  options: GlobalOptions,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): AuraeClient {
  const client = connect(connectOptions(options));
  const { TRACEPARENT: traceparent, TRACESTATE: tracestate } = variables;
  return traceparent ? traced(client, { traceparent, tracestate }) : client;
}

/** The same client, whose calls say where they belong. */
function traced(client: AuraeClient, trace: Trace): AuraeClient {
  const services = serviceNames.map((name) => [name, { value: tracedService(client[name], trace) }]);
  const own = { ...Object.fromEntries(services), close: { value: () => client.close() } } as PropertyDescriptorMap;
  return Object.create(client, own) as AuraeClient;
}

function tracedService(service: object, trace: Trace): object {
  const calls = Object.entries(service) as [string, Call][];
  return Object.fromEntries(
    calls.map(([name, call]): [string, Call] => [name, (request, options) => call(request, { ...trace, ...options })]),
  );
}
