import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { onAbort, type runtime } from '@aurae/proto';
import { probeHost, probePath, urlText } from './probe-endpoint.js';
import type { Question } from './question.js';
import { socketFailureText } from './socket-failure.js';

/** A short answer is read to its end, so that the server sees no broken connection. */
const mostBodyBytes = 4096;

/** Asks by a GET. */
export function httpQuestion(probe: runtime.HttpProbe): Question {
  const text = `GET ${urlText(probe)}`;
  return { text, ask: (signal) => askByHttp(probe, text, signal) };
}

async function askByHttp(probe: runtime.HttpProbe, text: string, signal: AbortSignal): Promise<string | undefined> {
  const request = send(probe);
  const stopListening = onAbort(signal, () => request.destroy());
  let wrong: string | undefined = `${text} was not answered`;
  let isAnswered = false;
  request.once('response', (response) => {
    isAnswered = true;
    const { statusCode = 0 } = response;
    wrong = statusCode >= 200 && statusCode <= 399 ? undefined : `${text} answered ${statusCode}`;
    discardBody(response, request);
  });
  request.on('error', (error) => {
    // The status was the answer; what becomes of the body is of no interest.
    if (!isAnswered) wrong = `${text} failed: ${socketFailureText(error)}`;
  });
  await new Promise<void>((resolve) => request.once('close', () => resolve()));
  stopListening();
  return wrong;
}

function send(probe: runtime.HttpProbe): ClientRequest {
  const options = {
    host: probeHost(probe.host),
    port: probe.port,
    path: probePath(probe),
    agent: false,
    headers: { 'User-Agent': 'auraed', Accept: '*/*', Connection: 'close' },
  };
  const request = probe.tls ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
  return request.end();
}

function discardBody(response: IncomingMessage, request: ClientRequest): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) request.destroy();
  });
  // A body that breaks off is none to be told of.
  response.on('error', () => undefined);
}
