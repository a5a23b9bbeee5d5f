import { descriptorSetBase64 } from './gen/descriptor-set.js';

/** The `google.protobuf.FileDescriptorSet` of every Aurae proto, serialised: what gRPC reflection serves. */
export function descriptorSet(): Buffer {
  return Buffer.from(descriptorSetBase64, 'base64');
}
