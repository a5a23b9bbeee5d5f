import { escapeForTerminal } from '../../lines/terminal-text.js';
import type { HttpAnswer } from '../http-post.js';
import type { Rejection } from '../sink-report.js';

const longestTextCharacters = 300;

/**
 * What a server says of records that it rejects although it accepts the batch. By the specification they must not be
 * sent again.
 */
export function partialSuccess({ body }: HttpAnswer): Rejection | undefined {
  const { rejectedLogRecords, errorMessage } = parse(body);
  const records = Number(rejectedLogRecords);
  if (!(Number.isSafeInteger(records) && records > 0)) return undefined;
  const said = typeof errorMessage === 'string' ? escapeForTerminal(errorMessage).slice(0, longestTextCharacters) : '';
  return {
    records,
    reason: `The OTLP server rejected ${records} records of the last batch${said && `: ${said}`}`,
    remedy: 'See what the server says to these records; the others were accepted',
  };
}

interface PartialSuccess {
  readonly rejectedLogRecords?: unknown;
  readonly errorMessage?: unknown;
}

/** An answer that is no JSON says nothing of the kind. */
function parse(body: string): PartialSuccess {
  try {
    return (JSON.parse(body) as { partialSuccess?: PartialSuccess } | null)?.partialSuccess ?? {};
  } catch {
    return {};
  }
}
