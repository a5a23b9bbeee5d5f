import { closeSync } from 'node:fs';
import { nativeBinding } from '../native-binding.js';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
import type { CommandChannels } from './command-channels.js';
import { DescriptorReader } from './descriptor-reader.js';
import { DescriptorWriter } from './descriptor-writer.js';

/** Our end is non-blocking; that of the command blocks, as programs expect it. */
interface Pipe {
  readonly ours: number;
  readonly commands: number;
}

/** Throws `SpawnFailure` when descriptors are short. */
export function pipeChannels(withInput: boolean): CommandChannels {
  const opened: number[] = [];
  try {
    const stdin = withInput ? openPipe('writer', opened) : undefined;
    const stdout = openPipe('reader', opened);
    const stderr = openPipe('reader', opened);
    return channelsOf(stdin, stdout, stderr);
  } catch (error) {
    opened.forEach(closeSync);
    throw error;
  }
}

function openPipe(ours: 'reader' | 'writer', opened: number[]): Pipe {
  const ends = nativeBinding.createPipe();
  if (typeof ends === 'number') throw new SpawnFailure(SpawnStep.prepare, -ends);
  opened.push(...ends);
  const [reader, writer] = ends;
  const pipe = ours === 'reader' ? { ours: reader, commands: writer } : { ours: writer, commands: reader };
  nativeBinding.makeNonBlocking(pipe.ours);
  return pipe;
}

function channelsOf(stdin: Pipe | undefined, stdout: Pipe, stderr: Pipe): CommandChannels {
  const input = stdin && new DescriptorWriter(stdin.ours);
  const output = new DescriptorReader(stdout.ours);
  const errors = new DescriptorReader(stderr.ours);
  return {
    stdio: [stdin?.commands ?? null, stdout.commands, stderr.commands],
    isTerminal: false,
    outputs: [
      { channel: 'stdout', reader: output },
      { channel: 'stderr', reader: errors },
    ],
    input,
    resize: () => undefined,
    closeCommandEnds: () => [stdin, stdout, stderr].forEach((pipe) => pipe && closeSync(pipe.commands)),
    close: () => [input, output, errors].forEach((end) => end?.close()),
  };
}
