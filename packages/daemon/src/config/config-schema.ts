import { z } from 'zod';
import { durationForm, parseDurationMs } from './duration.js';

const hour = { text: '1h', ms: 3_600_000 };
/** Ten years. */
const ages = { text: '3650d', ms: 3650 * 86_400_000 };

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
const pebibyte = 1024 * 1024 * gibibyte;

const duration = (fallback: string, longest: { readonly text: string; readonly ms: number } = hour) =>
  z
    .string({ error: durationForm })
    .transform((text, context) => {
      const ms = parseDurationMs(text);
      if (ms === undefined || ms > longest.ms) {
        context.addIssue({ code: 'custom', message: `${durationForm}, at most "${longest.text}"` });
        return z.NEVER;
      }
      return ms;
    })
    .prefault(fallback);

const absolutePath = z.string({ error: 'an absolute path' }).regex(/^\/[^\0]*$/, { error: 'an absolute path' });

/** A backend or a log sink: which, and its own options, which its own schema checks. */
const backendChoice = (builtIn: string) =>
  z
    .strictObject({
      use: z
        .string()
        .min(1, { error: 'the name of a built-in, or of an npm module' })
        .default(builtIn)
        .describe('A built-in by name, or an npm module that exports a `registration`'),
      options: z.record(z.string(), z.unknown()).default({}),
    })
    .prefault({});

const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:[\]\s]+):\d{1,5}$/, { error: 'host:port, such as "127.0.0.1:8080"', abort: true })
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, {
    error: 'host:port with a port from 0 to 65535',
  });

/** Where logs go: which sink, what of, and what becomes of what it does not take in time. */
const logSink = z
  .strictObject({
    use: z
      .string()
      .min(1, { error: 'the name of a built-in, or of an npm module' })
      .default('console')
      .describe('A built-in by name, or an npm module that exports a `registration`'),
    options: z.record(z.string(), z.unknown()).default({}),
    /** By which status, messages and the files of its position know it. Default: `use`. */
    name: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, {
        error: 'a name of at most 63 letters, digits, ".", "_" and "-" that begins with a letter or digit',
      })
      .optional(),
    /** Default: `["daemon"]` for the console, else both. */
    from: z
      .array(z.enum(['daemon', 'workloads']))
      .min(1, { error: 'a list of "daemon" and "workloads", at least one of them' })
      .optional(),
    when_behind: z.enum(['drop-oldest', 'block', 'spill']).default('drop-oldest'),
    /** With `block`: how long a batch is tried before it is given up. */
    block_for: duration('1m', { text: '24d', ms: 24 * 86_400_000 }),
    /** With `spill`: what is kept for it beyond the bounds of the logs. */
    spill_bytes: z.int().min(mebibyte).max(pebibyte).default(gibibyte),
    batch_records: z.int().min(3).max(65_536).default(1024),
    batch_bytes: z
      .int()
      .min(1024)
      .max(16 * mebibyte)
      .default(mebibyte),
    linger: duration('20ms', { text: '1m', ms: 60_000 }),
    write_timeout: duration('10s'),
    first_retry: duration('100ms'),
    longest_retry: duration('30s'),
  })
  .prefault({});

/** The daemon's configuration file, version 1. Every key has a default: an empty file is a valid one. */
export const configSchema = z.strictObject({
  /** Version of this schema. */
  version: z.literal(1, { error: '1, the only version of the configuration so far' }).default(1),

  paths: z
    .strictObject({
      socket: absolutePath.optional(),
      state_dir: absolutePath.optional(),
      run_dir: absolutePath.optional(),
      pki_dir: absolutePath.optional(),
    })
    .prefault({}),

  tls: z
    .strictObject({
      /** Bring your own certificates: all three together. Default: those of the PKI directory. */
      ca_crt: absolutePath.optional(),
      server_crt: absolutePath.optional(),
      server_key: absolutePath.optional(),
      /** Host names and addresses, beyond localhost, that the made server certificate is valid for. */
      server_names: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),

  tcp: z
    .strictObject({
      /** `host:port`; absent: no TCP. Port 0 takes a free one. */
      listen: hostAndPort.optional(),
    })
    .prefault({}),

  identity: z
    .strictObject({
      /** SPIFFE trust domain of the certificates that the daemon makes. */
      trust_domain: z
        .string()
        .regex(/^[a-z0-9._-]{1,255}$/, { error: 'a SPIFFE trust domain: lower-case letters, digits, ".", "-", "_"' })
        .default('unsafe.aurae.io'),
    })
    .prefault({}),

  shutdown: z
    .strictObject({
      /** How long calls in flight may go on after SIGTERM before they are cancelled. 0s to 1h. */
      drain_timeout: duration('5s'),
    })
    .prefault({}),

  limits: z
    .strictObject({
      /** Connections at once, on the socket and on TCP each. */
      connections: z.int().min(1).max(1_000_000).default(4096),
      /** Calls at once on one connection. */
      streams_per_connection: z.int().min(1).max(1_000_000).default(4096),
      /** How long a TLS handshake may take. */
      handshake_timeout: duration('10s'),
    })
    .prefault({}),

  backends: z
    .strictObject({
      executable: backendChoice('process'),
      container: backendChoice('oci'),
      instance: backendChoice('qemu'),
    })
    .prefault({}),

  log: z
    .strictObject({
      level: logLevel.default('info'),
      /** What is kept in memory for `aurae logs --daemon`. */
      backlog_lines: z.int().min(1).max(10_000_000).default(10_000),
      backlog_bytes: z.int().min(65_536).max(1_073_741_824).default(8_388_608),
      /** Components that have a level of their own. */
      levels: z.record(z.string().min(1), logLevel).default({}),
      sinks: z.array(logSink).prefault([{}]),
    })
    .prefault({}),

  /** The logs of workloads, as they lie on the disk. 0 means no limit. */
  workload_logs: z
    .strictObject({
      max_bytes_per_workload: z
        .int()
        .min(0)
        .max(pebibyte)
        .default(64 * mebibyte),
      max_bytes: z
        .int()
        .min(0)
        .max(pebibyte)
        .default(4 * gibibyte),
      max_age: duration('0s', ages),
      compress: z.boolean().default(true),
    })
    .prefault({}),

  /** The history behind WatchEvents. */
  events: z
    .strictObject({
      max_bytes: z
        .int()
        .min(256 * 1024)
        .max(gibibyte)
        .default(16 * mebibyte),
    })
    .prefault({}),

  metrics: z
    .strictObject({
      /** Where Prometheus finds `/metrics`, over plain HTTP; absent: nowhere. */
      listen: hostAndPort.optional(),
    })
    .prefault({}),

  tracing: z
    .strictObject({
      /** OTLP over HTTP; absent: no tracing. */
      endpoint: z.url({ protocol: /^https?$/, error: 'a URL such as "http://127.0.0.1:4318"' }).optional(),
      headers: z.record(z.string().min(1), z.string()).default({}),
      /** Of the calls that come without a decision of their caller, from 0 to 1. */
      sample_ratio: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
