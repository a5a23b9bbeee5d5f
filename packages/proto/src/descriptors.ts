import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { descriptorSetBase64 } from './gen/descriptor-set.js';

/** Field of `google.protobuf.FileDescriptorSet` that holds the files. */
const fileField = 1;

/**
 * The serialised `google.protobuf.FileDescriptorProto` of every Aurae proto and of what they import, dependencies
 * first: what gRPC reflection serves.
 */
export function fileDescriptors(): Buffer[] {
  const reader = new BinaryReader(Buffer.from(descriptorSetBase64, 'base64'));
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === fileField && type === WireType.LengthDelimited) files.push(Buffer.from(reader.bytes()));
    else reader.skip(type);
  }
  return files;
}
