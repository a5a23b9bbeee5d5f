import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FailedPreconditionError } from '@aurae/proto';
import { errorCode } from './error-code.js';

/**
 * What a segment's file is called after its number: `.log` as its writer made it, `.sealed.log` once the keeper has taken
 * it over from the writer, `.sealed.log.gz` once it is compressed, too.
 */
export type LogSegmentForm = 'written' | 'sealed' | 'compressed';

/** One file of a log. All but the last are complete; the last is written to. */
export interface LogSegment {
  readonly path: string;
  /** Sequence number of its first record: a safe integer from 1 up. */
  readonly firstSequence: number;
  /** Default: `written`. */
  readonly form?: LogSegmentForm;
}

/**
 * The segments that a log has now, in ascending order, each number once. None when the directory is absent. A file whose
 * name changes meanwhile may be missing.
 */
export type ListLogSegments = (directory: string) => Promise<readonly LogSegment[]>;

const suffixes: Readonly<Record<LogSegmentForm, string>> = {
  written: '.log',
  sealed: '.sealed.log',
  compressed: '.sealed.log.gz',
};
/** The one that is taken when a segment is there in several, which have the same content. */
const preferredForms: readonly LogSegmentForm[] = ['written', 'sealed', 'compressed'];
const forms = new Map(preferredForms.map((form) => [suffixes[form], form]));
const digits = 20;
const number = /^\d{20}$/;

/** Name of the segment that begins with this record, as aurae-shim gives it. */
export function logSegmentName(firstSequence: number): string {
  return nameOf(firstSequence, 'written');
}

/** Its name once it is complete and no longer the writer's. */
export function sealedSegmentName(firstSequence: number): string {
  return nameOf(firstSequence, 'sealed');
}

/** Its name once it is sealed and compressed by gzip. */
export function compressedSegmentName(firstSequence: number): string {
  return nameOf(firstSequence, 'compressed');
}

/** The segments of a directory that aurae-shim writes, in all their forms; other files there are none of the log. */
export const listLogSegments: ListLogSegments = async (directory) => {
  const segments = new Map<number, LogSegment>();
  for (const entry of await entriesOf(directory)) {
    const segment = entry.isFile() ? segmentOf(directory, entry.name) : undefined;
    if (!segment) continue;
    const other = segments.get(segment.firstSequence);
    if (!other || isPreferred(segment, other)) segments.set(segment.firstSequence, segment);
  }
  return [...segments.values()].sort((one, other) => one.firstSequence - other.firstSequence);
};

function nameOf(firstSequence: number, form: LogSegmentForm): string {
  return `${String(firstSequence).padStart(digits, '0')}${suffixes[form]}`;
}

function segmentOf(directory: string, name: string): LogSegment | undefined {
  const form = forms.get(name.slice(digits));
  const text = name.slice(0, digits);
  if (!form || !number.test(text)) return undefined;
  const firstSequence = Number(text);
  if (firstSequence < 1 || !Number.isSafeInteger(firstSequence)) return undefined;
  return { path: join(directory, name), firstSequence, form };
}

function isPreferred({ form = 'written' }: LogSegment, { form: otherForm = 'written' }: LogSegment): boolean {
  return preferredForms.indexOf(form) < preferredForms.indexOf(otherForm);
}

async function entriesOf(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    const message = `Cannot read the log directory "${directory}": ${(error as Error).message}. Check its permissions and that it is a directory`;
    throw new FailedPreconditionError(message, { cause: error });
  }
}
