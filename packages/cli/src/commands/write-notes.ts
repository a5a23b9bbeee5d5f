import type { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';

/** What there is to tell besides a command's own output. */
export async function writeNotes(notes: readonly string[], interruption: Interruption): Promise<void> {
  const stderr = new OutputStream(process.stderr);
  for (const note of notes) await interruption.race(stderr.write(`aurae: ${note}\n`));
}
