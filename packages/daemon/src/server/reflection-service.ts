import { fileDescriptors } from '@aurae/proto';
import type { Server } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

const healthService = 'grpc.health.v1.Health';

/** Serves reflection for the named services and for health, and for nothing else of the descriptors. */
export function addReflection(server: Server, services: readonly string[]): void {
  // The reflection service reads nothing else of a definition. Descriptors that proto-loader has taken apart and put
  // together again are refused by strict clients such as `buf curl`.
  const definitions = { aurae: { fileDescriptorProtos: fileDescriptors() } } as unknown as PackageDefinition;
  new ReflectionService(definitions, { services: [...services, healthService] }).addToServer(server);
}
