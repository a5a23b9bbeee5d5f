import type { BackendKind, BackendRegistration } from '@aurae/proto';

// The only file that names concrete backends. Each is imported when it is chosen, and not before.

type Importer = () => Promise<unknown>;

const importers: Readonly<Record<BackendKind, Readonly<Record<string, Importer>>>> = {
  executable: {
    process: async () => (await import('@aurae/runtime-process')).registration,
  },
  container: {
    oci: async () => (await import('@aurae/runtime-container')).registration,
  },
  instance: {
    qemu: async () => (await import('@aurae/runtime-instance')).registration,
  },
  'log-sink': {
    console: async () => (await import('@aurae/observe-logs')).consoleLogSinkRegistration,
    stdout: async () => (await import('@aurae/observe-logs')).stdoutLogSinkRegistration,
    file: async () => (await import('@aurae/observe-logs')).fileLogSinkRegistration,
    syslog: async () => (await import('@aurae/observe-logs')).syslogLogSinkRegistration,
    journald: async () => (await import('@aurae/observe-logs')).journaldLogSinkRegistration,
    otlp: async () => (await import('@aurae/observe-logs')).otlpLogSinkRegistration,
    loki: async () => (await import('@aurae/observe-logs')).lokiLogSinkRegistration,
  },
};

export function builtInNames(kind: BackendKind): string[] {
  return Object.keys(importers[kind]);
}

/** The built-in of that name; undefined when there is none. */
export async function builtInBackend(kind: BackendKind, name: string): Promise<BackendRegistration | undefined> {
  const importer = Object.hasOwn(importers[kind], name) ? importers[kind][name] : undefined;
  return importer && ((await importer()) as BackendRegistration);
}
