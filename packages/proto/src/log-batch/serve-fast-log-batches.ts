import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { ContainerBackendService, ExecutableBackendService, InstanceBackendService } from '../gen/backend.js';
import { LogBatch, ObserveService } from '../gen/observe.js';
import { decodeLogBatch } from './decode-log-batch.js';
import { encodeLogBatch } from './encode-log-batch.js';

// Loaded for its effect: whatever serves or calls a method that answers with batches of log lines uses the codec of this
// folder, which is what the generated one could be if it knew that there are hundreds of thousands of lines a second.

interface BatchCodec {
  responseSerialize: (batch: LogBatch) => Buffer;
  responseDeserialize: (bytes: Buffer) => LogBatch;
}

const methods: readonly BatchCodec[] = [
  ObserveService.getWorkloadLogStream,
  ExecutableBackendService.readLog,
  ExecutableBackendService.readProcessLog,
  ContainerBackendService.readLog,
  InstanceBackendService.readLog,
];

for (const method of methods) {
  method.responseSerialize = encodeLogBatch;
  method.responseDeserialize = decodeLogBatch;
}

// The generated clients decode with the message itself.
const decodeGenerated = LogBatch.decode.bind(LogBatch);
LogBatch.decode = (input: BinaryReader | Uint8Array, length?: number) =>
  input instanceof Uint8Array && length === undefined ? decodeLogBatch(input) : decodeGenerated(input, length);
