import { escapeControlCharacters } from './output/escape-control-characters.js';

interface ExpectedError extends Error {
  readonly reason: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Each a whole message: told one a line, in the place of the message. */
  readonly problems?: readonly string[];
  readonly violations?: readonly { readonly field: string; readonly description: string }[];
}

/** An error as one line for a person, or as JSON for a program. What nobody expected comes with its stack. */
export function describeError(error: unknown, asJson: boolean): string {
  if (!isExpected(error)) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    if (asJson) return jsonLine({ reason: 'INTERNAL', message });
    return `aurae: this is a fault of aurae itself: ${stack ?? message}\n`;
  }
  const { reason, message, metadata = {}, violations = [], problems = [] } = error;
  if (asJson) {
    return jsonLine({
      reason,
      message,
      ...(violations.length > 0 ? { violations } : {}),
      ...(problems.length > 0 ? { problems } : {}),
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    });
  }
  if (problems.length > 0) return problems.map(shownLine).join('');
  const missing = violations.filter(({ description }) => !message.includes(description));
  const text = [message, ...missing.map(({ field, description }) => `${field}: ${description}`)].join('; ');
  return shownLine(text);
}

function shownLine(text: string): string {
  return `aurae: ${escapeControlCharacters(text)}\n`;
}

function jsonLine(error: object): string {
  return `${JSON.stringify({ error })}\n`;
}

/** AuraeError, without loading the package that defines it. */
function isExpected(error: unknown): error is ExpectedError {
  return error instanceof Error && typeof (error as Partial<ExpectedError>).reason === 'string';
}
