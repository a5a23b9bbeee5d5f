import { hostname } from 'node:os';
import { defineBackend } from '@aurae/proto';
import { z } from 'zod';
import { endpointUrl } from '../http/endpoint-url.js';
import { checkCredentials, httpSinkOptions } from '../http/http-sink-options.js';

const options = z
  .strictObject({
    ...httpSinkOptions,
    /** Attributes of the resource, beside `service.name` and `host.name`, or instead of them. */
    resource: z.record(z.string().min(1), z.string()).default({}),
  })
  .superRefine(checkCredentials);

/** The log sink `otlp`: OpenTelemetry logs over OTLP/HTTP with JSON. */
export const otlpLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'otlp',
  options,
  create: async ({ resource: added, ...options }) => {
    const { HttpLogSink } = await import('../http/http-log-sink.js');
    const { encodeOtlpLogs } = await import('./otlp-encoding.js');
    const { partialSuccess } = await import('./partial-success.js');
    const resource = { 'service.name': 'auraed', 'host.name': hostname(), ...added };
    return new HttpLogSink({
      ...options,
      name: 'otlp',
      url: endpointUrl(options.endpoint, '/v1/logs'),
      encode: (records) => encodeOtlpLogs(records, resource),
      rejectionOf: partialSuccess,
    });
  },
});
