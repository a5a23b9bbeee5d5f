import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { runtime } from '@aurae/proto';
import { nativeBinding } from '../native-binding.js';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
import type { CommandChannels } from './command-channels.js';
import { DescriptorReader } from './descriptor-reader.js';
import { DescriptorWriter } from './descriptor-writer.js';
import { TerminalInput } from './terminal-input.js';
import { type TerminalLibrary, terminalLibrary } from './terminal-library.js';

/** Throws `FailedPreconditionError` where there are no terminals, `SpawnFailure` when descriptors are short. */
export async function terminalChannels(size: runtime.TerminalSize, withInput: boolean): Promise<CommandChannels> {
  const library = await terminalLibrary();
  const { master, slave } = openPair(library, size);
  const writer = nativeBinding.prepareTerminal(master, slave);
  if (writer < 0) {
    closeSync(master);
    closeSync(slave);
    throw new SpawnFailure(SpawnStep.prepare, -writer);
  }
  const output = new DescriptorReader(master);
  const typed = new DescriptorWriter(writer);
  return {
    stdio: [slave, slave, slave],
    isTerminal: true,
    outputs: [{ channel: 'stdout', reader: output }],
    input: withInput ? new TerminalInput(typed) : undefined,
    resize: ({ columns, rows }) => typed.whileOpen((terminal) => library.resize(terminal, columns, rows)),
    closeCommandEnds: () => closeSync(slave),
    close: () => {
      output.close();
      typed.close();
    },
  };
}

/** It does not tell the errno; descriptors and terminals are what may be short. */
function openPair(library: TerminalLibrary, { columns, rows }: runtime.TerminalSize) {
  try {
    return library.open(columns, rows);
  } catch (cause) {
    throw Object.assign(new SpawnFailure(SpawnStep.prepare, constants.errno.EMFILE), { cause });
  }
}
