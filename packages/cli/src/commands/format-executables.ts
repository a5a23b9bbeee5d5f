import { meta, type runtime } from '@aurae/proto';
import { type Cell, formatColumns } from '../output/columns.js';
import { cutShort } from '../output/cut-short.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import type { Paint } from '../output/terminal-style.js';
import { quoteCommand } from '../shell-quote.js';
import { stateOf } from './executable-state.js';

export interface ExecutablesView {
  readonly paint: Paint;
  /** Of the terminal, when it is one. */
  readonly width?: number | undefined;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** A table with a line for each executable. */
export function formatExecutables(executables: readonly runtime.ExecutableStatus[], view: ExecutablesView): string {
  const header = ['NAME', 'KIND', 'STATUS', 'PID', 'RESTARTS', 'COMMAND'].map(
    (text): Cell => ({ text, style: 'bold' }),
  );
  const rows = executables.map((status): Cell[] => [
    { text: nameOf(status) },
    { text: 'executable' },
    stateOf(status, view.nowMs),
    { text: pidOf(status) },
    { text: String(status.restarts) },
    { text: escapeControlCharacters(commandOf(status.executable)) },
  ]);
  return formatColumns([header, ...rows], view.paint, view.width, cutShort).join('\n');
}

export function nameOf(status: runtime.ExecutableStatus): string {
  return escapeControlCharacters(status.meta?.name ?? '') || '-';
}

/** That of a process which has ended may be another's by now. */
function pidOf({ status, proc }: runtime.ExecutableStatus): string {
  return status === meta.Status.STATUS_ACTIVE && proc ? String(proc.pid) : '-';
}

function commandOf(executable: runtime.Executable | undefined): string {
  if (!executable) return '-';
  return executable.command || quoteCommand(executable.argv);
}
