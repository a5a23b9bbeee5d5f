import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** The standard health service, for the server as a whole (empty name) and for each of its services. */
export class HealthService {
  private readonly health: HealthImplementation;

  constructor(private readonly services: readonly string[]) {
    this.health = new HealthImplementation(Object.fromEntries(this.names().map((name) => [name, 'NOT_SERVING'])));
  }

  addTo(server: Server): void {
    this.health.addToServer(server);
  }

  markServing(): void {
    for (const name of this.names()) this.health.setStatus(name, 'SERVING');
  }

  markNotServing(): void {
    for (const name of this.names()) this.health.setStatus(name, 'NOT_SERVING');
  }

  private names(): string[] {
    return ['', ...this.services];
  }
}
