import { fstatSync, type Stats } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { ConsoleOutput } from './console-output.js';
import { DescriptorWriter } from './descriptor-writer.js';
import { StreamWriter } from './stream-writer.js';

const outputsOfStreams = new WeakMap<Writable, ConsoleOutput>();
/** Standard output and standard error are often the same terminal or file: then they share its output. */
const outputsOfFiles = new Map<string, ConsoleOutput>();

/** The output of a stream: the same one whenever the stream, or the terminal or file behind it, is the same. */
export function consoleOutputOf(stream: Writable & { readonly fd?: unknown }): ConsoleOutput {
  let output = outputsOfStreams.get(stream);
  if (!output) {
    // Node ends the process when a stream fails and nobody listens; whoever writes hears of it as the outcome.
    stream.on('error', () => {});
    output = descriptorOutput(stream.fd) ?? new ConsoleOutput(new StreamWriter(stream));
    outputsOfStreams.set(stream, output);
  }
  return output;
}

/** Only for standard output and standard error: other streams with a descriptor have a state of their own. */
function descriptorOutput(descriptor: unknown): ConsoleOutput | undefined {
  if (descriptor !== 1 && descriptor !== 2) return undefined;
  const stats = fstatOrNone(descriptor);
  const isTerminal = isatty(descriptor);
  if (!stats || !(isTerminal || stats.isFile())) return undefined;
  const key = isTerminal ? `terminal ${stats.rdev}` : `file ${stats.dev}:${stats.ino}`;
  const output = outputsOfFiles.get(key) ?? new ConsoleOutput(new DescriptorWriter(descriptor, isTerminal));
  outputsOfFiles.set(key, output);
  return output;
}

function fstatOrNone(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}
