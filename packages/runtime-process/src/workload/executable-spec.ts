import { constants } from 'node:os';
import { type FieldViolation, InvalidSpecError, runtime } from '@aurae/proto';
import { type CommandSpec, commandSpec } from '../command-spec.js';
import type { ResourceLimitSetting } from '../shim/shim-settings.js';
import { parseSignal } from '../signal-names.js';
import { checkLabels } from './labels.js';
import { resourceNumber, resourceNames } from './resource-names.js';
import { workloadName } from './workload-name.js';

/** What of a request says how to start and to stop it, checked. */
export interface ExecutableSpec {
  readonly name: string;
  readonly command: CommandSpec;
  readonly umask: string;
  readonly processLimits: readonly ResourceLimitSetting[];
  readonly stopSignal: number;
  readonly stopGraceMs: number;
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined;
}

export const defaultStopGraceMs = 10_000;
export const longestStopGraceMs = 86_400_000;
/** Each is kept in memory, for as long as it is known. */
const longestRequestBytes = 1024 * 1024;
const longestTerminalSide = 0xffff;

/** Throws `InvalidSpecError` for what cannot be right on any host. */
export function executableSpec(request: runtime.Executable): ExecutableSpec {
  const name = workloadName(request);
  const command = commandSpec(request);
  const bytes = runtime.Executable.encode(request).finish().length;
  if (bytes > longestRequestBytes) {
    refuse('executable', `the request takes ${bytes} bytes; at most ${longestRequestBytes} are allowed`);
  }
  checkLabels(request.labels);
  if (request.criteria) {
    refuse('criteria', 'criteria say when the schedule runs it: leave them out, or enable it with `aurae enable`');
  }
  return {
    name,
    command,
    umask: checkedUmask(request.umask),
    processLimits: request.processLimits.map(processLimit),
    stopSignal: request.stopSignal === '' ? constants.signals.SIGTERM : parseSignal(request.stopSignal, 'stop_signal'),
    stopGraceMs: stopGrace(request.stopGracePeriodMs, defaultStopGraceMs),
    terminal: request.terminal && terminalSize(request.terminal),
  };
}

/** 0 means the default; more than a day means a day. */
export function stopGrace(graceMs: number, defaultMs: number): number {
  return graceMs === 0 ? defaultMs : Math.min(graceMs, longestStopGraceMs);
}

function checkedUmask(umask: string): string {
  if (umask === '') return '022';
  if (!/^0?[0-7]{1,3}$/.test(umask)) refuse('umask', `the umask "${umask}" is not an octal number from 0 to 0777`);
  return umask;
}

function processLimit({ name, soft, hard }: runtime.ProcessLimit, index: number): ResourceLimitSetting {
  const field = `process_limits[${index}]`;
  const resource = resourceNumber(name);
  if (resource === undefined) {
    refuse(`${field}.name`, `there is no limit "${name.slice(0, 50)}"; there are ${resourceNames().join(', ')}`);
  }
  if (soft > hard) refuse(`${field}.soft`, `the soft limit of "${name}", ${soft}, is above the hard one, ${hard}`);
  return { resource, soft, hard };
}

/** 0 means the usual 24 rows and 80 columns. */
export function terminalSize({ rows, columns }: runtime.TerminalSize) {
  if (rows > longestTerminalSide || columns > longestTerminalSide) {
    refuse('terminal', `a terminal of ${rows} rows and ${columns} columns; at most ${longestTerminalSide} are allowed`);
  }
  return { rows: rows || 24, columns: columns || 80 };
}

function refuse(field: string, description: string): never {
  const violation: FieldViolation = { field, description };
  throw new InvalidSpecError(`Cannot start the executable: ${description}`, [violation]);
}
