/**
 * A place in a trace, as it goes from one program to the next: https://www.w3.org/TR/trace-context/. By these names it
 * travels in the metadata of calls, and in capitals in the environment of processes.
 */
export interface TraceContext {
  readonly traceparent: string;
  /** What vendors keep there; only together with a `traceparent`. */
  readonly tracestate?: string;
}

export interface Traceparent {
  /** 32 hexadecimal digits, in small letters. */
  readonly traceId: string;
  /** 16 of them: the span that calls. */
  readonly spanId: string;
  /** Whether the caller records its part of the trace. */
  readonly isSampled: boolean;
}

const form = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Undefined for what is none. Of later versions of the format what they have in common with this one. */
export function parseTraceparent(text: string): Traceparent | undefined {
  if (text.length > longestTraceparent) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = form.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, isSampled }: Traceparent): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** What of it is valid, in the version of the format that is spoken here. Nothing where the `traceparent` is not. */
export function validTraceContext(given: {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}): TraceContext | undefined {
  const parsed = given.traceparent === undefined ? undefined : parseTraceparent(given.traceparent);
  if (!parsed) return undefined;
  const traceparent = formatTraceparent(parsed);
  return given.tracestate !== undefined && tracestateForm.test(given.tracestate)
    ? { traceparent, tracestate: given.tracestate }
    : { traceparent };
}

const longestTraceparent = 512;

/** The specification has every program pass on 512 characters; more are dropped as a whole. Printable ASCII. */
const tracestateForm = /^[!-~](?:[ -~]{0,510}[!-~])?$/;
