import type { Readable } from 'node:stream';
import type { Workspace } from '../workspace.js';

/** Something that runs a program and can follow what that writes. */
export interface LogPeer {
  readonly name: string;
  /**
   * Starts the writer, which waits some seconds before its first line, and gives what follows it. Rejects where the peer
   * cannot be had.
   */
  open(workspace: Workspace, directory: string, argv: readonly string[]): Promise<Readable>;
}
