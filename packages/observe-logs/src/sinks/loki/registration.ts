import { hostname } from 'node:os';
import { defineBackend } from '@aurae/proto';
import { z } from 'zod';
import { endpointUrl } from '../http/endpoint-url.js';
import { checkCredentials, httpSinkOptions } from '../http/http-sink-options.js';

const labelName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'the name of a label: letters, digits and "_"' })
  .refine((name) => !['kind', 'workload', 'channel'].includes(name), { error: 'a label that the sink does not set' });

const options = z
  .strictObject({
    ...httpSinkOptions,
    /** Labels of every stream, beside `job` and `host`, or instead of them. */
    labels: z.record(labelName, z.string().min(1)).default({}),
    /** The header `X-Scope-OrgID`. */
    tenant: z
      .string()
      .regex(/^[\w!.*'()-]{1,150}$/, { error: "a tenant: letters, digits and ! - _ . * ' ( )" })
      .optional(),
    /** Sends sequence numbers and levels as structured metadata; turn it off for Loki before 3.0. */
    structured_metadata: z.boolean().default(true),
  })
  .superRefine(checkCredentials);

/** The log sink `loki`: the push API of Grafana Loki. */
export const lokiLogSinkRegistration = defineBackend({
  kind: 'log-sink',
  name: 'loki',
  options,
  create: async ({ labels: added, tenant, structured_metadata: structuredMetadata, ...options }) => {
    const { HttpLogSink } = await import('../http/http-log-sink.js');
    const { encodeLokiPush } = await import('./loki-encoding.js');
    const labels = { job: 'auraed', host: hostname(), ...added };
    return new HttpLogSink({
      ...options,
      name: 'loki',
      url: endpointUrl(options.endpoint, '/loki/api/v1/push'),
      headers: tenant === undefined ? options.headers : { ...options.headers, 'x-scope-orgid': tenant },
      encode: (records) => encodeLokiPush(records, { labels, structuredMetadata }),
    });
  },
});
