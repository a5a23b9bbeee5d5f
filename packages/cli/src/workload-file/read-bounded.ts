import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { systemReason } from '../system-error.js';
import { WorkloadFileError } from './workload-file-error.js';

/** Enough for ten thousand workloads with much to say. */
const longestFileBytes = 64 * 1024 * 1024;

/** The text of a file, of `-` that of standard input. */
export async function readBounded(path: string): Promise<string> {
  const stream: Readable = path === '-' ? process.stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length;
      if (bytes > longestFileBytes) throw unusable(path, `it is larger than ${longestFileBytes} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof WorkloadFileError) throw error;
    throw unusable(path, systemReason(error), error);
  }
  return decode(Buffer.concat(chunks), path);
}

function decode(data: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch (error) {
    throw unusable(path, 'it is not UTF-8', error);
  }
}

function unusable(path: string, problem: string, cause?: unknown): WorkloadFileError {
  const file = path === '-' ? 'from standard input' : JSON.stringify(path);
  return new WorkloadFileError(`Cannot read the workload file ${file}: ${problem}`, { cause });
}
