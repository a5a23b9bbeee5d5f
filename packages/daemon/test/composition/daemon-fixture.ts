import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CallContext, GrpcRpc, observe, runtime, schedule } from '@aurae/proto';
import { type ChannelOptions, Client, credentials } from '@grpc/grpc-js';
import { createDaemon, type Daemon } from '../../src/composition/create-daemon.js';
import { type DaemonFlags, daemonSettings } from '../../src/composition/daemon-settings.js';
import { defaultPaths } from '../../src/config/daemon-paths.js';
import { parseConfig } from '../../src/config/load-config.js';
import { clientPaths } from '../../src/pki/index.js';

const backendModule = fileURLToPath(new URL('scripted-backend.mjs', import.meta.url));

/** What scripted-backend.mjs has seen. */
export interface ScriptedCall {
  readonly command: string;
  readonly identity?: string;
  readonly callId?: string;
  readonly reason?: unknown;
}

export function scriptedCalls(): ScriptedCall[] {
  return (globalThis as { scriptedCalls?: ScriptedCall[] }).scriptedCalls ?? [];
}

/** PEM files of a client. */
export interface ClientFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** A root directory of its own, the daemons that were started in it, and the clients that talk to them. */
export class DaemonFixture implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'auraed-'));
  private readonly daemons: Daemon[] = [];
  private readonly clients: Client[] = [];

  async start(config = '', flags: DaemonFlags = {}): Promise<Daemon> {
    const daemon = await createDaemon(this.settings(config, flags));
    this.daemons.push(daemon);
    return daemon;
  }

  settings(config = '', flags: DaemonFlags = {}) {
    const paths = defaultPaths({ uid: 0, home: this.root, env: {} }, this.root);
    const text = `${config}\n[backends.executable]\nuse = "${backendModule}"\n`;
    // No sink: what the daemon says is read from its own log stream.
    const quiet = config.includes('sinks') ? text : `log.sinks = []\n${text}`;
    return daemonSettings(parseConfig(paths.configFile, quiet), paths, flags);
  }

  get pkiDir(): string {
    return join(this.root, 'etc/aurae/pki');
  }

  /** A client with the certificate of that name, or with the given files, or, as "nobody", with none. */
  client(daemon: Daemon, identity: string | ClientFiles = 'admin') {
    const files = typeof identity === 'string' ? this.credentialsOf(identity) : identity;
    const ca = readFileSync(files?.ca ?? join(this.pkiDir, 'ca.crt'));
    const channel = files
      ? credentials.createSsl(ca, readFileSync(files.key), readFileSync(files.certificate))
      : credentials.createSsl(ca);
    const options: ChannelOptions = {
      'grpc.ssl_target_name_override': 'server.unsafe.aurae.io',
      'grpc.default_authority': 'server.unsafe.aurae.io',
      'grpc.use_local_subchannel_pool': 1,
    };
    const client = new Client(`unix:${daemon.socket}`, channel, options);
    this.clients.push(client);
    const rpc = new GrpcRpc(client);
    return {
      channel: client,
      runtime: new runtime.RuntimeClientImpl<CallContext>(rpc),
      observe: new observe.ObserveClientImpl<CallContext>(rpc),
      schedule: new schedule.ScheduleClientImpl<CallContext>(rpc),
      scheduleExecutable: new schedule.ScheduleExecutableClientImpl<CallContext>(rpc),
      scheduleContainer: new schedule.ScheduleContainerClientImpl<CallContext>(rpc),
      scheduleInstance: new schedule.ScheduleInstanceClientImpl<CallContext>(rpc),
    };
  }

  private credentialsOf(name: string): ClientFiles | undefined {
    if (name === 'nobody') return undefined;
    const { caCertificate, certificate, key } = clientPaths(this.pkiDir, name);
    return { ca: caCertificate, certificate, key };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.close();
    for (const daemon of this.daemons) await daemon.stop(AbortSignal.abort());
    rmSync(this.root, { recursive: true });
  }
}
