import { createRequire } from 'node:module';

type GrpcLibrary = typeof import('@grpc/grpc-js');

const require = createRequire(import.meta.url);
let loaded: GrpcLibrary | undefined;

/** grpc-js, loaded by the first call that goes over the wire: a program that uses a backend in process needs none. */
export function grpcLibrary(): GrpcLibrary {
  loaded ??= require('@grpc/grpc-js') as GrpcLibrary;
  return loaded;
}
