import { z } from 'zod';
import { durationForm, parseDurationMs } from './duration.js';

const hourMs = 3_600_000;

const duration = (fallback: string) =>
  z
    .string({ error: durationForm })
    .transform((text, context) => {
      const ms = parseDurationMs(text);
      if (ms === undefined || ms > hourMs) {
        context.addIssue({ code: 'custom', message: `${durationForm}, at most "1h"` });
        return z.NEVER;
      }
      return ms;
    })
    .prefault(fallback);

const absolutePath = z.string().regex(/^\/[^\0]*$/, { error: 'an absolute path' });

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
      listen: z
        .string()
        .regex(/^(\[[0-9a-fA-F:]+\]|[^:[\]\s]+):\d{1,5}$/, {
          error: 'host:port, such as "127.0.0.1:8080"',
          abort: true,
        })
        .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, {
          error: 'host:port with a port from 0 to 65535',
        })
        .optional(),
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
      sinks: z.array(backendChoice('console')).default([{ use: 'console', options: {} }]),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
