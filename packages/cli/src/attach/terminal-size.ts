import type { WriteStream } from 'node:tty';
import type { runtime } from '@aurae/proto';

/** What a terminal has whose size nobody knows. */
const usual: runtime.TerminalSize = { rows: 24, columns: 80 };

/** The size of the terminal that this process writes to. */
export function terminalSize(): runtime.TerminalSize {
  const output = terminalOutput();
  return { rows: output?.rows || usual.rows, columns: output?.columns || usual.columns };
}

/** Tells of every new size. Returns how to stop that. */
export function onResize(tell: (size: runtime.TerminalSize) => void): () => void {
  const output = terminalOutput();
  const handle = () => tell(terminalSize());
  output?.on('resize', handle);
  return () => output?.off('resize', handle);
}

/** Standard output may go elsewhere, as with `| tee`. */
function terminalOutput(): WriteStream | undefined {
  return [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
}
