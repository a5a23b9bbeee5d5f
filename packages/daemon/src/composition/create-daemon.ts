import 'reflect-metadata';
import { hostname } from 'node:os';
import { LogRing } from '@aurae/observe-logs';
import { container } from 'tsyringe';
import { DisposalStack } from '../lifecycle/disposal-stack.js';
import { CallLog } from '../logging/call-log.js';
import { Logger } from '../logging/logger.js';
import { CallRegistry } from '../server/call-registry.js';
import { ConnectionIdentity } from '../server/connection-identity.js';
import { GrpcServer } from '../server/grpc-server.js';
import { BackendCatalog } from '../services/backend-catalog.js';
import * as tokens from '../tokens.js';
import { version } from '../version.js';
import { BackendLoader } from './backend-loader.js';
import type { DaemonSettings } from './daemon-settings.js';
import { openSchedule } from './open-schedule.js';
import { prepareCredentials } from './prepare-credentials.js';
import { servedInterfaces } from './served-interfaces.js';
import { startLogSinks } from './start-log-sinks.js';
import { takeDirectories } from './take-directories.js';

/** A daemon that serves. */
export interface Daemon extends AsyncDisposable {
  /** Path of the Unix socket. */
  readonly socket: string;
  /** `host:port` in use; undefined without TCP. */
  readonly tcpAddress: string | undefined;
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

    const backends = new BackendLoader(settings, log, owned, catalog);
    await startLogSinks(config.log.sinks, ring, backends, owned, log);
    await takeDirectories(settings, owned);
    const credentials = await prepareCredentials(settings, log);
    const executables = await backends.load('executable', config.backends.executable);
    const containers = await backends.load('container', config.backends.container);
    const instances = await backends.load('instance', config.backends.instance);
    injection.registerInstance(tokens.ExecutableBackend, executables);
    injection.registerInstance(tokens.ContainerBackend, containers);
    injection.registerInstance(tokens.InstanceBackend, instances);
    const scheduled = { executables, containers, instances };
    const schedule = await openSchedule(paths.stateDir, scheduled, owned, log.forComponent('schedule'));
    injection.registerInstance(tokens.ScheduleEngine, schedule);

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
    await schedule.start();
    await server.listenUnix(paths.socket);
    const tcpAddress = settings.tcp && (await server.listenTcp(settings.tcp.host, settings.tcp.port));
    server.markServing();
    log.info('Serving', { version, socket: paths.socket, ...(tcpAddress === undefined ? {} : { tcpAddress }) });

    let stopped: Promise<void> | undefined;
    const stop = (hurry?: AbortSignal): Promise<void> => {
      hurry?.addEventListener('abort', () => hurried.abort(), { once: true });
      if (hurry?.aborted) hurried.abort();
      stopped ??= owned.dispose();
      return stopped;
    };
    return { socket: paths.socket, tcpAddress, log, stop, [Symbol.asyncDispose]: () => stop() };
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}
