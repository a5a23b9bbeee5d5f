import { connect } from 'node:net';
import { onAbort, type runtime } from '@aurae/proto';
import { endpointText, probeHost } from './probe-endpoint.js';
import type { Question } from './question.js';
import { socketFailureText } from './socket-failure.js';

/** Asks by connecting, and says nothing. */
export function tcpQuestion(probe: runtime.TcpProbe): Question {
  const text = `a connection to ${endpointText(probe)}`;
  return { text, ask: (signal) => askByTcp(probe, text, signal) };
}

async function askByTcp(
  { host, port }: runtime.TcpProbe,
  text: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const socket = connect({ host: probeHost(host), port });
  const stopListening = onAbort(signal, () => socket.destroy());
  let wrong: string | undefined = `${text} was given up`;
  socket.once('connect', () => {
    wrong = undefined;
    socket.destroy();
  });
  socket.once('error', (error) => (wrong = `${text} failed: ${socketFailureText(error)}`));
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  stopListening();
  return wrong;
}
