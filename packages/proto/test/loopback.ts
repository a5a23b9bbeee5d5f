import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** A server of one service on a socket of its own, and a client of it. */
export class Loopback implements Disposable {
  private constructor(
    readonly client: Client,
    private readonly server: Server,
    private readonly directory: string,
  ) {}

  static async serve(definition: ServiceDefinition, handlers: UntypedServiceImplementation): Promise<Loopback> {
    const directory = mkdtempSync(join(tmpdir(), 'aurae-proto-'));
    const server = new Server();
    server.addService(definition, handlers);
    const address = `unix:${join(directory, 'loopback.sock')}`;
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
    );
    return new Loopback(new Client(address, credentials.createInsecure()), server, directory);
  }

  [Symbol.dispose](): void {
    this.client.close();
    this.server.forceShutdown();
    rmSync(this.directory, { recursive: true });
  }
}
