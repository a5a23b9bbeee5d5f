import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { OutputStream } from '../output/output-stream.js';
import type { OutageListener } from './daemon-comeback.js';

/** Tells of outages on standard error, also where programs read the standard output: somebody may look into why it rests. */
export function outageNotes(): OutageListener {
  const stderr = new OutputStream(process.stderr);
  const tell = (text: string) => {
    // Nobody waits for a reader that has left.
    stderr.write(`aurae: ${text}\n`).catch(() => undefined);
  };
  return {
    onGone: () => tell('auraed is gone, waiting for it'),
    onBack: () => tell('auraed is back'),
    onNote: (text) => tell(escapeControlCharacters(text)),
  };
}
