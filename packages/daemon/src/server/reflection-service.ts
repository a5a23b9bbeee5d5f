import { descriptorSet } from '@aurae/proto';
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath } from 'grpc-health-check';

const healthService = 'grpc.health.v1.Health';

/** Serves reflection for the named services and for health, and for nothing else of the descriptor set. */
export function addReflection(server: Server, services: readonly string[]): void {
  const definitions = {
    ...loadFileDescriptorSetFromBuffer(descriptorSet()),
    ...loadSync(protoPath),
  };
  new ReflectionService(definitions, { services: [...services, healthService] }).addToServer(server);
}
