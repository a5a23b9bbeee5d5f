import { createHash } from 'node:crypto';
import { type meta, observe } from '@aurae/proto';

/** Something that happened on the node, before it has a number. */
export interface EventDraft {
  /** `workload.started`, `backend.degraded`, …: what it is about, a dot, and what happened. */
  readonly type: string;
  /** Unix milliseconds. */
  readonly timestampMs: number;
  /** Absent for events of the daemon itself. */
  readonly workload?: meta.WorkloadReference | undefined;
  readonly status?: meta.Status;
  /** For a person. */
  readonly message?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What one text of an event may have: names and reasons can be of any length. */
const longestText = 2048;
/** A workload without a name of its own is called by its command. */
const longestName = 512;
const mostAttributes = 32;
/** So much that no event is ever too large for the journal, whatever characters are in its texts. */
const longestLine = 512 * 1024;
/** The year 9999. */
const latestMs = 253_402_300_799_999;

/** As a line of the journal. */
export function encodeEvent({ type, workload, status, message, attributes }: EventDraft): string {
  const texts = Object.entries(attributes ?? {}).slice(0, mostAttributes);
  const line = JSON.stringify({
    type,
    ...(workload ? { kind: workload.kind, name: shownName(workload.name) } : {}),
    ...(status === undefined ? {} : { status }),
    ...(message ? { message: shortened(message) } : {}),
    ...(texts.length > 0 ? { attributes: Object.fromEntries(texts.map(([key, text]) => [key, shortened(text)])) } : {}),
  });
  return line.length <= longestLine ? line : JSON.stringify({ type, message: 'what it tells is too long to be kept' });
}

/** A time that the journal can keep; now, where it is none. */
export function eventTimeMs(timestampMs: number): number {
  return timestampMs >= 0 && timestampMs <= latestMs ? timestampMs : Date.now();
}

/** A name of any length, cut so that it stays its own: with a digest of all of it. */
export function shownName(name: string): string {
  if (name.length <= longestName) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, longestName)}… (${digest})`;
}

/** Undefined for a line that is none of `encodeEvent`. */
export function decodeEvent({ line, sequence, timestamp, dropped }: observe.LogItem): observe.Event | undefined {
  const parsed = parse(line);
  if (typeof parsed?.['type'] !== 'string') return undefined;
  const { type, kind, name, status, message, attributes } = parsed;
  return observe.Event.fromPartial({
    sequence,
    timestampMs: timestamp,
    dropped,
    type,
    ...(typeof name === 'string' ? { workload: { kind: Number(kind), name } } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof attributes === 'object' && attributes !== null
      ? { attributes: attributes as Record<string, string> }
      : {}),
  });
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function shortened(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}
