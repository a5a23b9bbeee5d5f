import { type AuraeError, InvalidSpecError, ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import { escapeForTerminal } from '../../lines/terminal-text.js';
import type { HttpAnswer } from '../http-post.js';

const longestTextCharacters = 300;
const longestRetryAfterMs = 3_600_000;

/** What these say is about the batch, and would be said again. Everything else may be mended while the batch waits. */
const finalStatuses = new Set([400, 413, 422]);
const busyStatuses = new Set([408, 429, 503, 507]);

const nextSteps: Readonly<Record<number, string>> = {
  401: 'give the credentials that it asks for',
  403: 'give credentials that may write there',
  404: 'correct the endpoint',
  405: 'correct the endpoint',
};

/**
 * Why the server did not take a batch of so many records, as an error with the meaning of its status. The message says
 * "refused" only where that is final.
 */
export function httpRefusal(address: string, records: number, answer: HttpAnswer): AuraeError {
  const { status, retryAfter } = answer;
  if (finalStatuses.has(status)) return new InvalidSpecError(finalMessage(address, records, answer));
  const message = `${address} answered HTTP ${status}${text(answer)}; ${nextStep(status)}it is tried again`;
  if (!busyStatuses.has(status) && retryAfter === undefined) return new UnavailableError(message);
  const retryAfterMs = parseRetryAfterMs(retryAfter, Date.now());
  return new ResourceExhaustedError(message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** RFC 9110, section 10.2.3: seconds, or a date. At most one hour; undefined when it is neither. */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const waitMs = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(waitMs) ? Math.min(Math.max(0, waitMs), longestRetryAfterMs) : undefined;
}

function finalMessage(address: string, records: number, answer: HttpAnswer): string {
  const what = records === 1 ? '1 record' : `${records} records`;
  return `${address} refused ${what} with HTTP ${answer.status}${text(answer)}`;
}

function nextStep(status: number): string {
  const next = status >= 300 && status < 400 ? 'it has moved: correct the endpoint' : nextSteps[status];
  return next === undefined ? '' : `${next}; `;
}

function text({ body }: HttpAnswer): string {
  const escaped = escapeForTerminal(body.trim());
  if (escaped === '') return '';
  return `: ${escaped.length > longestTextCharacters ? `${escaped.slice(0, longestTextCharacters)}…` : escaped}`;
}
