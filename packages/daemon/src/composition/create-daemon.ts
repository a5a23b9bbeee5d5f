import 'reflect-metadata';
import { hostname } from 'node:os';
import { LogKeeper } from '@aurae/observe-logs';
import type { observe } from '@aurae/proto';
import { container } from 'tsyringe';
import { shownName } from '../events/event-draft.js';
import { RecordingScheduleStore } from '../events/recording-schedule-store.js';
import { DisposalStack } from '../lifecycle/disposal-stack.js';
import { CallLog } from '../logging/call-log.js';
import type { Logger } from '../logging/logger.js';
import { LogForwarding } from '../observation/log-forwarding.js';
import { WorkloadPulse } from '../observation/workload-pulse.js';
import { CallRegistry } from '../server/call-registry.js';
import { ConnectionIdentity } from '../server/connection-identity.js';
import { GrpcServer } from '../server/grpc-server.js';
import { BackendCatalog } from '../services/backend-catalog.js';
import * as tokens from '../tokens.js';
import { openTracing } from '../tracing/open-tracing.js';
import { version } from '../version.js';
import { backendDrivers } from './backend-drivers.js';
import { BackendLoader } from './backend-loader.js';
import { bothObservers } from './both-observers.js';
import type { DaemonSettings } from './daemon-settings.js';
import { loadWorkloadBackends } from './load-workload-backends.js';
import { observeWorkloads } from './observe-workloads.js';
import { openDaemonLog } from './open-daemon-log.js';
import { openEvents } from './open-events.js';
import { openSchedule } from './open-schedule.js';
import { prepareCredentials } from './prepare-credentials.js';
import { sinkHealthReporter } from './report-sink-health.js';
import { openMetrics, serveMetrics } from './serve-metrics.js';
import { servedInterfaces } from './served-interfaces.js';
import { sinkStatuses } from './sink-statuses.js';
import { startLogSinks } from './start-log-sinks.js';
import { takeDirectories } from './take-directories.js';

/** A daemon that serves. */
export interface Daemon extends AsyncDisposable {
  /** Path of the Unix socket. */
  readonly socket: string;
  /** `host:port` in use; undefined without TCP. */
  readonly tcpAddress: string | undefined;
  /** `host:port` of the metrics; undefined where they are not served. */
  readonly metricsAddress: string | undefined;
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
  const facts = { version, node: hostname(), startedAtMs: Date.now() };
  const { config, paths } = settings;
  const known: { log?: Logger } = {};
  const owned = new DisposalStack(({ name, error }) => known.log?.error(`Cannot dispose ${name}`, { error }));
  try {
    const metrics = await openMetrics(config.metrics.listen, facts, owned);
    const { ring, levels, log } = openDaemonLog(settings, metrics);
    known.log = log;
    await takeDirectories(settings, owned);
    const tracing = await openTracing(config.tracing, facts, log.forComponent('tracing'));
    const journal = await openEvents(paths.stateDir, config.events.max_bytes, owned, log.forComponent('events'));
    const publish = journal.publish.bind(journal);
    const keeper = openLogKeeper(config.workload_logs, owned, log.forComponent('workload-logs'));
    const catalog = new BackendCatalog();
    const loader = new BackendLoader(settings, log, owned, catalog, keeper);
    const dispatcher = await startLogSinks(
      {
        choices: config.log.sinks,
        configFile: paths.configFile,
        stateDir: paths.stateDir,
        ring,
        keeper,
        backends: loader,
        log: log.forComponent('log-sink'),
        onHealthChange: sinkHealthReporter(log, publish),
      },
      owned,
    );
    owned.defer('the tracing', async () => tracing[Symbol.asyncDispose]());
    const credentials = await prepareCredentials(settings, log);
    const { backends, usage } = await loadWorkloadBackends(config.backends, loader, tracing, log);
    owned.defer('the forwarding of logs', () => dispatcher.stopWorkloads());
    const drivers = backendDrivers(backends);
    const pulse = new WorkloadPulse();
    const schedule = await openSchedule(
      {
        stateDir: paths.stateDir,
        drivers,
        log: log.forComponent('schedule'),
        pulse,
        observed: (store) => new RecordingScheduleStore(metrics ? metrics.store.measure(store) : store, publish, pulse),
      },
      owned,
    );
    const listeners = [new LogForwarding(dispatcher, drivers), tracing, ...(metrics ? [metrics.runs] : [])];
    const news = observeWorkloads(drivers, journal, listeners, owned, log.forComponent('observation'));
    void news.whenKnown().then(() => keeper.start());

    const nodeLogs: tokens.NodeLogs = {
      store: async () => {
        await keeper.refresh();
        const status = keeper.status();
        return { ...status, largest: status.largest.map(withShownName) };
      },
      sinks: () => sinkStatuses(dispatcher, keeper),
    };
    const injection = container.createChildContainer();
    injection.registerInstance(tokens.DaemonLogRing, ring);
    injection.registerInstance(tokens.DaemonFacts, facts);
    injection.registerInstance(tokens.BackendCatalog, catalog);
    injection.registerInstance(tokens.ExecutableBackend, backends.executables);
    injection.registerInstance(tokens.ContainerBackend, backends.containers);
    injection.registerInstance(tokens.InstanceBackend, backends.instances);
    injection.registerInstance(tokens.ScheduleEngine, schedule);
    injection.registerInstance(tokens.EventJournal, journal);
    injection.registerInstance(tokens.WorkloadPulse, pulse);
    injection.registerInstance(tokens.NodeLogs, nodeLogs);
    injection.registerInstance(tokens.LogLevels, levels);
    injection.registerInstance(tokens.WorkloadUsageReader, usage);

    const services = servedInterfaces(injection);
    const connections = new ConnectionIdentity();
    const callLog = new CallLog(log.forComponent('call'));
    const observer = metrics ? bothObservers(callLog, metrics.calls) : callLog;
    const calls = new CallRegistry(connections.identityOf, observer, tracing);
    const server = new GrpcServer(
      services,
      credentials,
      {
        connections: config.limits.connections,
        streamsPerConnection: config.limits.streams_per_connection,
        handshakeTimeoutMs: config.limits.handshake_timeout,
      },
      calls,
      connections,
      log.forComponent('server'),
    );
    const hurried = new AbortController();
    owned.defer('the server', () => server.shutDown(config.shutdown.drain_timeout, hurried.signal));
    const metricsAddress =
      metrics &&
      (await serveMetrics(
        metrics,
        { services, calls, news, usage, schedule, catalog, logs: nodeLogs },
        config.metrics.listen ?? '',
        owned,
        log.forComponent('metrics'),
      ));
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
    return { socket: paths.socket, tcpAddress, metricsAddress, log, stop, [Symbol.asyncDispose]: () => stop() };
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}

function openLogKeeper(
  { max_bytes_per_workload, max_bytes, max_age, compress }: DaemonSettings['config']['workload_logs'],
  owned: DisposalStack,
  log: Logger,
): LogKeeper {
  const bounds = { maximumBytesPerWorkload: max_bytes_per_workload, maximumBytes: max_bytes, maximumAgeMs: max_age };
  const keeper = new LogKeeper({ ...bounds, compress, log });
  owned.defer('the keeper of logs', async () => keeper[Symbol.asyncDispose]());
  return keeper;
}

/** A workload may be called by a command of any length. */
function withShownName({ workload, bytes }: observe.WorkloadLogSize): observe.WorkloadLogSize {
  return { workload: workload && { ...workload, name: shownName(workload.name) }, bytes };
}
