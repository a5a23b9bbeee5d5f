import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LogDispatcher, LogRing, type NamedLogSink } from '@aurae/observe-logs';
import { type BackendHost, type BackendKind, observe, runtime, schedule } from '@aurae/proto';
import { container, type DependencyContainer } from 'tsyringe';
import { ensureClientConfig } from '../config/client-config.js';
import { DirectoryLock } from '../lifecycle/directory-lock.js';
import { DisposalStack } from '../lifecycle/disposal-stack.js';
import { ensurePrivateDirectory } from '../lifecycle/private-directory.js';
import { CallLog } from '../logging/call-log.js';
import { Logger } from '../logging/logger.js';
import { clientPaths, ensurePki, loadServerCredentials } from '../pki/index.js';
import { CallRegistry } from '../server/call-registry.js';
import { ConnectionIdentity } from '../server/connection-identity.js';
import { GrpcServer, type ServedInterface } from '../server/grpc-server.js';
import { BackendCatalog } from '../services/backend-catalog.js';
import { ObserveService } from '../services/observe-service.js';
import { RuntimeService } from '../services/runtime-service.js';
import * as tokens from '../tokens.js';
import { version } from '../version.js';
import { type DaemonSettings, ownedDirectories, socketDirectory } from './daemon-settings.js';
import { type BackendChoice, loadBackend } from './load-backend.js';

/** A daemon that serves. */
export interface Daemon extends AsyncDisposable {
  /** Path of the Unix socket. */
  readonly socket: string;
  /** The port in use; undefined without TCP. */
  readonly tcpPort: number | undefined;
  readonly log: Logger;
  /**
   * Ends the daemon in the written order (see GrpcServer.shutDown, then the reverse of how it was made). May be
   * called again; all calls end together.
   *
   * @param hurry cuts short the wait for calls in flight
   */
  stop(hurry?: AbortSignal): Promise<void>;
}

/**
 * The composition root: makes everything that a daemon consists of, and starts it.
 *
 * @throws StartupError, ConfigError or an AuraeError with a sentence for a person; nothing is left behind then
 */
export async function createDaemon(settings: DaemonSettings): Promise<Daemon> {
  const startedAtMs = Date.now();
  const { config, paths } = settings;
  const ring = new LogRing({ maximumItems: config.log.backlog_lines, maximumBytes: config.log.backlog_bytes });
  const log = Logger.create(settings.logLevel, ({ channel, level, line, timestampMs, fields }) => {
    ring.append({ channel, level, line, timestampMs, fields });
  });
  const owned = new DisposalStack(({ name, error }) => log.error(`Cannot dispose ${name}`, { error }));
  try {
    const injection = container.createChildContainer();
    injection.registerInstance(tokens.DaemonLogRing, ring);
    injection.registerInstance(tokens.DaemonFacts, { version, node: hostname(), startedAtMs });
    const catalog = new BackendCatalog();
    injection.registerInstance(tokens.BackendCatalog, catalog);

    const loading: Loading = { settings, log, owned, catalog };
    await startLogSinks(loading, ring);
    await takeDirectories(settings, owned);
    const credentials = await prepareCredentials(settings, log);
    injection.registerInstance(tokens.ExecutableBackend, await load(loading, 'executable', config.backends.executable));
    injection.registerInstance(tokens.ContainerBackend, await load(loading, 'container', config.backends.container));
    injection.registerInstance(tokens.InstanceBackend, await load(loading, 'instance', config.backends.instance));

    const connections = new ConnectionIdentity();
    const server = new GrpcServer(
      servedInterfaces(injection),
      credentials,
      {
        connections: config.limits.connections,
        streamsPerConnection: config.limits.streams_per_connection,
        handshakeTimeoutMs: config.limits.handshake_timeout,
      },
      new CallRegistry(connections.identityOf, new CallLog(log.forComponent('call'))),
      connections,
      log.forComponent('server'),
    );
    const hurried = new AbortController();
    owned.defer('the server', () => server.shutDown(config.shutdown.drain_timeout, hurried.signal));
    await server.listenUnix(paths.socket);
    const tcpPort = settings.tcp && (await server.listenTcp(settings.tcp.host, settings.tcp.port));
    server.markServing();
    log.info('Serving', { version, socket: paths.socket, ...(tcpPort === undefined ? {} : { tcpPort }) });

    let stopped: Promise<void> | undefined;
    const stop = (hurry?: AbortSignal): Promise<void> => {
      hurry?.addEventListener('abort', () => hurried.abort(), { once: true });
      if (hurry?.aborted) hurried.abort();
      if (!stopped) log.info('Stopping');
      stopped ??= owned.dispose();
      return stopped;
    };
    return { socket: paths.socket, tcpPort, log, stop, [Symbol.asyncDispose]: () => stop() };
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}

/** How long the sinks may take for the last lines. */
const flushTimeoutMs = 3_000;

interface Loading {
  readonly settings: DaemonSettings;
  readonly log: Logger;
  readonly owned: DisposalStack;
  readonly catalog: BackendCatalog;
}

/** What is served, under which name. Methods that a service leaves out answer UNIMPLEMENTED. */
function servedInterfaces(injection: DependencyContainer): ServedInterface[] {
  return [
    {
      name: runtime.RuntimeServiceName,
      definition: runtime.RuntimeService,
      implementation: injection.resolve(RuntimeService),
    },
    {
      name: observe.ObserveServiceName,
      definition: observe.ObserveService,
      implementation: injection.resolve(ObserveService),
    },
    { name: schedule.ScheduleServiceName, definition: schedule.ScheduleService, implementation: {} },
    {
      name: schedule.ScheduleExecutableServiceName,
      definition: schedule.ScheduleExecutableService,
      implementation: {},
    },
    { name: schedule.ScheduleContainerServiceName, definition: schedule.ScheduleContainerService, implementation: {} },
    { name: schedule.ScheduleInstanceServiceName, definition: schedule.ScheduleInstanceService, implementation: {} },
  ];
}

async function takeDirectories(settings: DaemonSettings, owned: DisposalStack): Promise<void> {
  const directories = ownedDirectories(settings);
  for (const directory of new Set([...directories, socketDirectory(settings)])) ensurePrivateDirectory(directory);
  const locks = [
    ...directories.map((directory) => [join(directory, 'lock'), `the directory "${directory}"`] as const),
    [`${settings.paths.socket}.lock`, `the socket "${settings.paths.socket}"`] as const,
  ];
  for (const [path, protects] of locks) {
    const lock = await DirectoryLock.acquire(path, protects);
    owned.defer(`the lock "${path}"`, () => lock[Symbol.asyncDispose]());
  }
}

async function prepareCredentials({ config, paths, certificates }: DaemonSettings, log: Logger) {
  const pki = await ensurePki({
    pkiDir: paths.pkiDir,
    own: certificates,
    trustDomain: config.identity.trust_domain,
    serverNames: config.tls.server_names,
  });
  for (const certificate of pki.generated) log.info('Made a certificate', { certificate });
  for (const warning of pki.warnings) log.warn(warning);
  if (ensureClientConfig(paths.clientConfigFile, clientPaths(paths.pkiDir, 'admin'), paths.socket)) {
    log.info('Made the client configuration', { file: paths.clientConfigFile });
  }
  return loadServerCredentials(pki.paths);
}

async function load<Kind extends BackendKind>(
  loading: Loading,
  kind: Kind,
  { use, options }: { readonly use: string; readonly options: Readonly<Record<string, unknown>> },
  configKey = `backends.${kind}`,
) {
  const { settings, log, owned, catalog } = loading;
  const choice: BackendChoice<Kind> = { kind, use, options, configFile: settings.paths.configFile, configKey };
  const { name, source, backend } = await loadBackend(choice, backendHost(settings, kind, log));
  catalog.add({ kind, name, source, backend });
  owned.defer(`the ${kind} backend "${name}"`, async () => backend[Symbol.asyncDispose]?.());
  return backend;
}

/** The log flows from the first line on: what was written before its sinks were there waits in the ring. */
async function startLogSinks(loading: Loading, ring: LogRing): Promise<void> {
  const sinks: NamedLogSink[] = [];
  for (const [index, choice] of loading.settings.config.log.sinks.entries()) {
    sinks.push({ name: choice.use, sink: await load(loading, 'log-sink', choice, `log.sinks[${index}]`) });
  }
  const dispatcher = new LogDispatcher({ sinks });
  loading.owned.defer('the log dispatcher', async () => void (await dispatcher.close({ timeoutMs: flushTimeoutMs })));
  dispatcher.follow(ring);
}

function backendHost({ paths }: DaemonSettings, kind: BackendKind, log: Logger): BackendHost {
  return {
    get stateDir() {
      return made(join(paths.stateDir, kind));
    },
    get runDir() {
      return made(join(paths.runDir, kind));
    },
    log: log.forComponent(kind),
  };
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}
