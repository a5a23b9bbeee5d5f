import type { runtime } from '@aurae/proto';
import type { OutputChannel } from '../running-process.js';
import type { DescriptorReader } from './descriptor-reader.js';

export interface ChannelReader {
  readonly channel: OutputChannel;
  readonly reader: DescriptorReader;
}

/** How a command and its caller talk: pipes, or a terminal. */
export interface CommandChannels {
  /** What becomes descriptors 0, 1 and 2 of the command. */
  readonly stdio: readonly (number | null)[];
  /** Whether they are a terminal. */
  readonly isTerminal: boolean;
  readonly outputs: readonly ChannelReader[];
  /** Absent: nothing can be sent to it. */
  readonly input: CommandInput | undefined;
  resize(size: runtime.TerminalSize): void;
  /** The command has its own now, or never will. */
  closeCommandEnds(): void;
  /** All but the command's ends. Harmless when repeated. */
  close(): void;
}

export interface CommandInput {
  write(bytes: Buffer): void;
  /** Nothing more comes. */
  end(): void;
  /** Waits until at most so much waits for the command, or it takes nothing any more. */
  atMost(bytes: number): Promise<void>;
}
