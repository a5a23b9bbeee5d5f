import { meta, type runtime } from '@aurae/proto';
import { type Cell, formatColumns, gap, minimumLastWidth } from '../output/columns.js';
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

/** Enough for the header, and for most names. */
const minimumNameWidth = 12;

/** A table with a line for each executable. */
export function formatExecutables(executables: readonly runtime.ExecutableStatus[], view: ExecutablesView): string {
  const header = ['NAME', 'STATUS', 'PID', 'RESTARTS', 'COMMAND'].map((text): Cell => ({ text, style: 'bold' }));
  const rows = executables.map((status): Cell[] => [
    { text: nameOf(status) },
    stateOf(status, view.nowMs),
    { text: pidOf(status) },
    { text: String(status.restarts) },
    { text: escapeControlCharacters(commandOf(status.executable)) },
  ]);
  const lines = [header, ...rows];
  return formatColumns(view.width ? cutNames(lines, view.width) : lines, view.paint, view.width, cutShort).join('\n');
}

/** A name may be longer than the terminal is wide; with --quiet and as JSON it is whole. */
function cutNames(rows: readonly Cell[][], lineWidth: number): Cell[][] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.text.length ?? 0));
  const others = [1, 2, 3].reduce((sum, column) => sum + gap.length + widthOf(column), gap.length + minimumLastWidth);
  const width = Math.max(minimumNameWidth, lineWidth - others);
  return rows.map(([name, ...rest]) => [{ ...name, text: cutShort(name?.text ?? '', width).join('') }, ...rest]);
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
