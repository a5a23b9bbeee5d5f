import type { TLSSocket } from 'node:tls';
import { bindService } from '@aurae/proto';
import { Server, ServerCredentials as GrpcCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import type { Logger } from '../logging/logger.js';
import type { ServerCredentials } from '../pki/index.js';
import type { CallRegistry } from './call-registry.js';
import type { ConnectionIdentity } from './connection-identity.js';
import { HealthService } from './health-service.js';
import { RefusalLog } from './refusal-log.js';
import { addReflection } from './reflection-service.js';
import { type ListenerEvents, type ListenerLimits, SecureListener } from './secure-listener.js';

export interface ServedInterface {
  /** Full name, e.g. `runtime.Runtime`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  /** Methods named as in the definition; what is left out answers UNIMPLEMENTED. */
  readonly implementation: object;
}

export interface GrpcServerLimits extends ListenerLimits {
  readonly streamsPerConnection: number;
}

/** Serves interfaces over gRPC to clients that SecureListener lets in, with health and reflection beside them. */
export class GrpcServer {
  private readonly server: Server;
  private readonly listeners: SecureListener[] = [];
  private readonly makeListener: () => SecureListener;
  private readonly health: HealthService;
  private readonly refusals: RefusalLog;

  constructor(
    services: readonly ServedInterface[],
    credentials: ServerCredentials,
    limits: GrpcServerLimits,
    private readonly calls: CallRegistry,
    private readonly connections: ConnectionIdentity,
    private readonly log: Logger,
  ) {
    this.server = new Server({
      'grpc.max_concurrent_streams': limits.streamsPerConnection,
      // Statistics of the transport that nobody reads.
      'grpc.enable_channelz': 0,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
    });
    for (const { definition, implementation } of services) {
      this.server.addService(definition, bindService(definition, implementation, calls.open));
    }
    this.refusals = new RefusalLog(log);
    const names = services.map((service) => service.name);
    this.health = new HealthService(names);
    this.health.addTo(this.server);
    addReflection(this.server, names);
    // TLS ended in SecureListener: what reaches grpc-js is plain HTTP/2 on an authenticated socket.
    const injector = this.server.createConnectionInjector(GrpcCredentials.createInsecure());
    const events: ListenerEvents = {
      onConnection: (socket) => this.admit(socket, () => injector.injectConnection(socket)),
      onRefused: (reason, socket) => this.refuse(reason, socket),
    };
    this.makeListener = () => new SecureListener(credentials, limits, events);
  }

  listenUnix(path: string): Promise<void> {
    return this.addListener().listenUnix(path);
  }

  listenTcp(host: string, port: number): Promise<string> {
    return this.addListener().listenTcp(host, port);
  }

  /** Says that everything is served. Before, health answers NOT_SERVING. */
  markServing(): void {
    this.health.markServing();
  }

  /**
   * The order of an end: health says not serving, no new connections or calls, streams end, calls in flight get
   * `drainTimeoutMs`, what is left is cancelled and gets a moment to clean up, connections close.
   *
   * @param hurry cuts the wait short
   */
  async shutDown(drainTimeoutMs: number, hurry: AbortSignal): Promise<void> {
    this.health.markNotServing();
    for (const listener of this.listeners) listener.stopAccepting();
    this.calls.stopAccepting();
    this.log.info(this.stoppingText(drainTimeoutMs));
    if (!(await this.calls.drain(drainTimeoutMs, hurry))) {
      this.log.warn(`Cancelling ${counted(this.calls.inFlight)} still in flight; their processes get TERM, then KILL`);
      this.calls.abortAll();
      if (!(await this.calls.drain(cleanUpMs))) {
        this.log.error(`Leaving ${counted(this.calls.inFlight)} that did not end within ${cleanUpMs} ms`);
      }
    }
    await this.closeConnections();
    this.log.info('Stopped');
  }

  private stoppingText(drainTimeoutMs: number): string {
    const { inFlight } = this.calls;
    if (inFlight === 0) return 'Stopping';
    return `Stopping: waiting up to ${drainTimeoutMs} ms for ${counted(inFlight)}; a second signal cancels now`;
  }

  /** Answers that were just given still have to leave; then the connections go, asked for or not. */
  private async closeConnections(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, goodbyeMs);
      this.server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.server.forceShutdown();
    await Promise.all(this.listeners.map((listener) => listener.closeConnections(flushMs)));
    this.refusals.close();
  }

  private addListener(): SecureListener {
    const listener = this.makeListener();
    this.listeners.push(listener);
    return listener;
  }

  private admit(socket: TLSSocket, proceed: () => void): void {
    try {
      const identity = this.connections.admit(socket);
      this.log.debug('Client connected', { identity, remote: remoteName(socket), tls: socket.getProtocol() });
      proceed();
    } catch (error) {
      this.refuse((error as Error).message, socket);
      socket.destroy();
    }
  }

  private refuse(reason: string, socket: TLSSocket): void {
    this.refusals.refused(reason, remoteName(socket));
  }
}

/** The longest that a cancelled call may take: the whole ladder from TERM to KILL, and a little more. */
const cleanUpMs = 15_000;
const goodbyeMs = 1_000;
const flushMs = 300;

function counted(calls: number): string {
  return calls === 1 ? '1 call' : `${calls} calls`;
}

function remoteName(socket: TLSSocket): string {
  return socket.remoteAddress ? `${socket.remoteAddress}:${socket.remotePort}` : 'unix';
}
