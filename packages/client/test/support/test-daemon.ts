import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  abortReason,
  bindService,
  type CallContext,
  type CallOpener,
  CancelledError,
  observe,
  runtime,
  schedule,
} from '@aurae/proto';
import { Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { makePki, type TestPki, writeClientPki } from './test-pki.js';

export interface TestServices {
  readonly runtime?: Partial<runtime.Runtime<CallContext>>;
  readonly observe?: Partial<observe.Observe<CallContext>>;
  readonly schedule?: Partial<schedule.Schedule<CallContext>>;
}

export interface ServeOptions {
  /** Default: the root's socket. */
  readonly address?: string;
  /** Default: what the root's client trusts. */
  readonly pki?: TestPki;
}

/** A directory for `--root`, with a client's files where a daemon would have put them. */
export class TestRoot implements AsyncDisposable {
  readonly socket: string;
  readonly pkiDir: string;
  private readonly daemons: TestDaemon[] = [];

  private constructor(
    readonly dir: string,
    readonly pki: TestPki,
  ) {
    this.socket = join(dir, 'run/aurae/aurae.sock');
    this.pkiDir = join(dir, 'etc/aurae/pki');
    mkdirSync(dirname(this.socket), { recursive: true });
    writeClientPki(this.pkiDir, pki.authority, pki.client);
  }

  static async make(): Promise<TestRoot> {
    return new TestRoot(mkdtempSync(join(tmpdir(), 'aurae-client-')), await makePki());
  }

  /** Starts a daemon that lives as long as the root, unless it is killed. */
  async serve(services: TestServices = {}, options: ServeOptions = {}): Promise<TestDaemon> {
    const daemon = await TestDaemon.start(services, options.address ?? `unix:${this.socket}`, options.pki ?? this.pki);
    this.daemons.push(daemon);
    return daemon;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.daemons) daemon.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A real grpc-js server with mutual TLS, whose services are a test's. */
export class TestDaemon {
  private constructor(
    readonly address: string,
    private readonly server: Server,
  ) {}

  static async start(services: TestServices, address: string, pki: TestPki): Promise<TestDaemon> {
    const server = new Server();
    if (services.runtime) {
      server.addService(runtime.RuntimeService, bindService(runtime.RuntimeService, services.runtime, open));
    }
    if (services.observe) {
      server.addService(observe.ObserveService, bindService(observe.ObserveService, services.observe, open));
    }
    if (services.schedule) {
      server.addService(schedule.ScheduleService, bindService(schedule.ScheduleService, services.schedule, open));
    }
    const keyPair = { private_key: Buffer.from(pki.server.keyPem), cert_chain: Buffer.from(pki.server.pem) };
    const credentials = ServerCredentials.createSsl(Buffer.from(pki.authority.pem), [keyPair], true);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    return new TestDaemon(address.startsWith('unix:') ? address : `localhost:${port}`, server);
  }

  /** Dies at once, as with `kill -9`: whoever is connected loses the connection. */
  kill(): void {
    this.server.forceShutdown();
  }
}

const open: CallOpener = (call) => {
  const controller = new AbortController();
  (call as ServerUnaryCall<unknown, unknown>).on('cancelled', () =>
    controller.abort(new CancelledError('The caller went away')),
  );
  const context = { signal: controller.signal, callId: 'test', identity: 'test' };
  return { context, close: () => {} };
};

/** Waits for the end of a call as a long-running method does. */
export function untilAborted({ signal }: CallContext): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(abortReason(signal));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
